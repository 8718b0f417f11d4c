using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;

namespace Celeriac.Stomp;

/// <summary>CONNECT and the server's answer to it.</summary>
internal static class Handshake
{
    /// <summary>Introduces the client and returns the server's CONNECTED frame.</summary>
    /// <exception cref="StompException">The server refuses, does not speak STOMP 1.2, or ends the connection.</exception>
    public static async Task<StompFrame> RunAsync(Stream stream, PipeReader input, FrameParser parser, StompClientOptions options, CancellationToken cancellationToken)
    {
        var request = new ArrayBufferWriter<byte>();
        new FrameBatch([Connect(options)], null, options.MaximumSentHeaderBytes).WriteTo(request);
        try
        {
            await stream.WriteAsync(request.WrittenMemory, cancellationToken).ConfigureAwait(false);
            var answer = await ReadAsync(input, parser, options, cancellationToken).ConfigureAwait(false);
            Check(answer);
            return answer;
        }
        catch (IOException fault)
        {
            throw Ended(options, fault);
        }
    }

    private static StompFrame Connect(StompClientOptions options)
    {
        var headers = new List<KeyValuePair<string, string>>
        {
            new("accept-version", "1.2"),
            new("host", options.VirtualHost ?? options.Host),
            new("heart-beat", string.Create(CultureInfo.InvariantCulture, $"{Milliseconds(options.HeartbeatSend)},{Milliseconds(options.HeartbeatReceive)}")),
        };
        if (options.Login is not null)
        {
            headers.Add(new("login", options.Login));
        }
        if (options.Passcode is not null)
        {
            headers.Add(new("passcode", options.Passcode));
        }
        return new(Commands.Connect, new StompHeaders([.. headers]).With(options.ConnectHeaders));
    }

    private static async Task<StompFrame> ReadAsync(PipeReader input, FrameParser parser, StompClientOptions options, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            var frame = parser.Read(ref buffer);
            // What follows the answer is not examined yet, so the next read gives it back at once.
            input.AdvanceTo(buffer.Start, frame is null ? buffer.End : buffer.Start);
            if (frame is not null)
            {
                return frame;
            }
            if (result.IsCompleted)
            {
                throw Ended(options, null);
            }
        }
    }

    private static void Check(StompFrame answer)
    {
        if (answer.Command == Commands.Error)
        {
            throw new StompErrorException(answer);
        }
        if (answer.Command != Commands.Connected)
        {
            throw new StompProtocolException($"The server answered CONNECT with a {answer.Command} frame. CONNECTED was expected.");
        }
        if (answer.Headers.Find("version") is var version && version != "1.2")
        {
            throw new StompProtocolException(
                $"The server speaks STOMP '{(version is null ? "1.0" : StompErrorException.Cut(version, 32))}', and this client speaks 1.2 only. Use a server that speaks 1.2, such as ActiveMQ 5.6 or RabbitMQ 3.0 and later.");
        }
    }

    private static int Milliseconds(TimeSpan time) => checked((int)Math.Ceiling(time.TotalMilliseconds));

    private static StompConnectionException Ended(StompClientOptions options, Exception? fault) => new(
        $"The server at '{options.Host}:{options.Port}' ended the connection before it answered CONNECT. Check that the port speaks STOMP{(options.Tls is null ? " without TLS" : "")}, and the server's log.", mayHaveBeenSent: false, fault);
}
