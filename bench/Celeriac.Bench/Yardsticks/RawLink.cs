using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Celeriac.Bench.Acting;

namespace Celeriac.Bench.Yardsticks;

/// <summary>Takes a frame's payload.</summary>
internal delegate void TakeFrame(byte type, ReadOnlySpan<byte> payload);

/// <summary>
/// AMQP by hand, as tight as it gets: a blocking socket, one thread, one buffer each way. What is written gathers until the thread would wait for the broker.
/// No heartbeat, no TLS, no recovery: those cost nothing for a message.
/// </summary>
internal sealed class RawLink : IDisposable
{
    public const uint Publish = (60 << 16) | 40, Deliver = (60 << 16) | 60, Ack = (60 << 16) | 80;
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _input = new byte[256 * 1024];
    private readonly byte[] _output = new byte[64 * 1024];
    private int _start, _end, _written;

    /// <summary>Logs in, opens channel 1 and declares the queue of the run.</summary>
    public RawLink(Arguments arguments, bool confirms)
    {
        var broker = new Uri(arguments.Broker);
        _socket.Connect(broker.Host, broker.Port);
        _socket.Send("AMQP\0\0\x09\x01"u8);
        Wait();
        Method(0, (10 << 16) | 11, [0, 0, 0, 0, .. Short("PLAIN"), .. Long("\0guest\0guest"), .. Short("en_US")]);
        var tune = Ask();
        // No heartbeat; the rest as the broker wants it.
        Method(0, (10 << 16) | 31, [.. tune.AsSpan(4, 6), 0, 0]);
        Method(0, (10 << 16) | 40, [.. Short(broker.AbsolutePath is "/" or "" ? "/" : broker.AbsolutePath[1..]), 0, 0]);
        Wait();
        Method(1, (20 << 16) | 10, [0]);
        Wait();
        if (confirms)
        {
            Method(1, (85 << 16) | 10, [0]);
            Wait();
        }
        Method(1, (50 << 16) | 10, [0, 0, .. Short(arguments.Queue), 2, 0, 0, 0, 0]);
        Wait();
    }

    /// <summary>Declares a queue for replies and consumes from it; its name.</summary>
    public string ConsumeReplies()
    {
        Method(1, (50 << 16) | 10, [0, 0, 0, 4, 0, 0, 0, 0]);
        var declared = Ask();
        var name = Encoding.ASCII.GetString(declared, 5, declared[4]);
        Consume(name, noAck: true, prefetch: 0);
        return name;
    }

    public void Consume(string queue, bool noAck, int prefetch)
    {
        Method(1, (60 << 16) | 10, [0, 0, 0, 0, (byte)(prefetch >> 8), (byte)prefetch, 0]);
        Wait();
        Method(1, (60 << 16) | 20, [0, 0, .. Short(queue), 0, noAck ? (byte)2 : (byte)0, 0, 0, 0, 0]);
        Flush();
    }

    /// <summary>The frames of a message, to be changed and sent again and again.</summary>
    public static byte[] Message(string routingKey, byte[] properties, byte[] body) =>
    [
        .. Frame(1, 1, [.. UInt32(Publish), 0, 0, 0, .. Short(routingKey), 0]),
        .. Frame(2, 1, [0, 60, 0, 0, 0, 0, 0, 0, .. UInt32((uint)body.Length), .. properties]),
        .. Frame(3, 1, body),
    ];

    public static byte[] Short(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    public static byte[] Long(string text) => [.. UInt32((uint)text.Length), .. Encoding.ASCII.GetBytes(text)];

    public static byte[] UInt32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    public void Append(ReadOnlySpan<byte> frames)
    {
        if (_written + frames.Length > _output.Length)
        {
            Flush();
        }
        frames.CopyTo(_output.AsSpan(_written));
        _written += frames.Length;
    }

    public void Acknowledge(ulong tag)
    {
        Span<byte> frame = [1, 0, 1, 0, 0, 0, 13, 0, 60, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xCE];
        BinaryPrimitives.WriteUInt64BigEndian(frame[11..], tag);
        Append(frame);
    }

    public void Flush()
    {
        for (var sent = 0; sent < _written;)
        {
            sent += _socket.Send(_output.AsSpan(sent, _written - sent));
        }
        _written = 0;
    }

    /// <summary>Sends what has gathered, waits for something, and hands on every frame of it.</summary>
    public void Exchange(TakeFrame take)
    {
        Flush();
        if (_start > 0)
        {
            _input.AsSpan(_start, _end - _start).CopyTo(_input);
            (_start, _end) = (0, _end - _start);
        }
        var read = _socket.Receive(_input.AsSpan(_end));
        if (read == 0)
        {
            throw new IOException("The broker has ended the connection.");
        }
        _end += read;
        while (_end - _start >= 8 && BinaryPrimitives.ReadUInt32BigEndian(_input.AsSpan(_start + 3)) is var length && _end - _start >= length + 8)
        {
            var payload = _input.AsSpan(_start + 7, (int)length);
            if (_input[_start] == 1 && payload is [0, 10 or 20, 0, 50 or 40, ..])
            {
                throw new IOException($"The broker refuses: {Encoding.UTF8.GetString(payload[6..])}");
            }
            take(_input[_start], payload);
            _start += (int)length + 8;
        }
    }

    /// <summary>Unblocks who waits.</summary>
    public void Dispose() => _socket.Dispose();

    private void Wait() => Ask();

    /// <summary>Sends what has gathered and answers the payload of the first method that comes.</summary>
    private byte[] Ask()
    {
        byte[]? answer = null;
        while (answer is null)
        {
            Exchange((_, payload) => answer ??= payload.ToArray());
        }
        return answer;
    }

    private void Method(ushort channel, uint method, ReadOnlySpan<byte> fields) => Append(Frame(1, channel, [.. UInt32(method), .. fields]));

    private static byte[] Frame(byte type, ushort channel, ReadOnlySpan<byte> payload) => [type, (byte)(channel >> 8), (byte)channel, .. UInt32((uint)payload.Length), .. payload, 0xCE];
}
