using System.Buffers;
using System.Net.Sockets;
using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;

namespace Celeriac.Amqp.Client;

// The two loops. Whichever fails first says why; the socket's end ends the other.
internal sealed partial class AmqpClient
{
    private async Task WriteAsync()
    {
        try
        {
            await Output.RunAsync(_socket.Stream).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Lose(error);
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (IsOpen)
            {
                var buffer = await _socket.ReadAsync().ConfigureAwait(false);
                if (buffer.IsEmpty)
                {
                    Lose(null);
                    return;
                }
                Take(ref buffer);
                _socket.Advance(buffer, isLooked: true);
            }
        }
        catch (Exception error)
        {
            Lose(error);
        }
    }

    private void Lose(Exception? error)
    {
        var text = _socket.Silence.Verdict ?? error switch
        {
            null => "the server ended the connection without a word",
            AmqpFormatException format => format.Message,
            _ => $"the connection broke: {error.GetBaseException().Message}",
        };
        End(new CloseReason(false, 0, text, error is IOException or ObjectDisposedException or SocketException ? null : error));
        _socket.Dispose();
    }

    /// <summary>Works through all whole frames.</summary>
    private void Take(ref ReadOnlySequence<byte> buffer)
    {
        while (IsOpen && Frame.TryTake(ref buffer, FrameLimit, out var frame))
        {
            if (frame.Type == FrameType.Body)
            {
                ChannelOf(frame.Channel)?.Body(frame.Payload);
            }
            else if (frame.Payload.IsSingleSegment)
            {
                Take(frame, frame.Payload.FirstSpan);
            }
            else
            {
                TakeCopied(frame);
            }
        }
    }

    private void TakeCopied(in Frame frame)
    {
        var length = (int)frame.Payload.Length;
        var copy = ArrayPool<byte>.Shared.Rent(length);
        frame.Payload.CopyTo(copy);
        Take(frame, copy.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(copy);
    }

    private void Take(in Frame frame, ReadOnlySpan<byte> payload)
    {
        if (frame.Type == FrameType.Method)
        {
            var reader = new FieldReader(payload);
            var method = reader.UInt32();
            if (frame.Channel == 0)
            {
                Method(method, reader);
            }
            else
            {
                ChannelOf(frame.Channel)?.Method(method, reader);
            }
        }
        else if (frame.Type == FrameType.Header)
        {
            ChannelOf(frame.Channel)?.Header(ContentHeader.Read(payload, Texts));
        }
    }

    private void Method(uint method, FieldReader reader)
    {
        switch (method)
        {
            case Methods.ConnectionBlocked:
                Blocked?.Invoke(reader.ShortText());
                break;
            case Methods.ConnectionUnblocked:
                Blocked?.Invoke(null);
                break;
            case Methods.ConnectionClose:
                Output.Write(new MethodFrame(0, Methods.ConnectionCloseOk).Finish());
                End(new CloseReason(true, reader.UInt16(), reader.ShortText()));
                break;
            case Methods.ConnectionCloseOk:
                _goodbye.TrySetResult();
                break;
            default:
                throw new AmqpFormatException($"the server sent {Methods.TextOf(method)} for the connection, which is unknown or out of turn");
        }
    }

    /// <summary>Null for a channel that was given up: what is still on its way to it is dropped.</summary>
    private AmqpChannel? ChannelOf(ushort number) => number > 0 && number < _channels.Length
        ? Volatile.Read(ref _channels[number])
        : throw new AmqpFormatException($"the server sent something for channel {number}, but there are {_channels.Length - 1}");
}
