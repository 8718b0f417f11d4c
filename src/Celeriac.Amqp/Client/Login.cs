using System.Buffers;
using System.Text;
using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Client;

/// <summary>What was agreed on with the server.</summary>
internal sealed record LoginResult(int ChannelMax, int FrameMax, TimeSpan Heartbeat, Version? RabbitMqVersion);

/// <summary>Where a login ended, for those who say why.</summary>
internal enum LoginStep
{
    Greeting,
    User,
    VirtualHost,
}

/// <summary>The conversation from the greeting to the virtual host, one frame at a time.</summary>
internal sealed class Login(AmqpSocket socket, BrokerUrl server, AmqpOptions options)
{
    // RabbitMQ's own limits; a server that wants less gets less.
    private const int LargestFrame = 131_072;
    private const int MostChannels = 2047;

    private static readonly string[] s_capabilities =
        ["publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify", "connection.blocked", "authentication_failure_close"];

    /// <summary>How far it has come.</summary>
    public LoginStep Step { get; private set; }

    /// <exception cref="AmqpClosedException">The server has said no, or nothing at all.</exception>
    /// <exception cref="AmqpFormatException">The server does not speak AMQP 0-9-1.</exception>
    /// <exception cref="NotSupportedException">The server does not take the login that the URL asks for.</exception>
    public async Task<LoginResult> RunAsync(CancellationToken cancellationToken)
    {
        await socket.Stream.WriteAsync("AMQP\0\0\x09\x01"u8.ToArray(), cancellationToken).ConfigureAwait(false);
        var (properties, mechanisms) = Start(await ExpectAsync(Methods.ConnectionStart, cancellationToken).ConfigureAwait(false));
        var mechanism = options.IsExternal ? "EXTERNAL" : "PLAIN";
        if (!mechanisms.Split(' ').Contains(mechanism))
        {
            throw new NotSupportedException($"the server offers the logins {mechanisms}, not {mechanism}");
        }
        Step = LoginStep.User;
        var response = options.IsExternal ? "" : $"\0{server.User ?? DialErrors.DefaultUser}\0{server.Password ?? DialErrors.DefaultUser}";
        await SendAsync(new MethodFrame(0, Methods.ConnectionStartOk).Table(ClientProperties()).Short(mechanism).Long(Encoding.UTF8.GetBytes(response)).Short("en_US"), cancellationToken).ConfigureAwait(false);
        var agreed = Tune(await ExpectAsync(Methods.ConnectionTune, cancellationToken).ConfigureAwait(false)) with { RabbitMqVersion = ServerVersion.Of(properties) };
        Step = LoginStep.VirtualHost;
        await SendAsync(new MethodFrame(0, Methods.ConnectionTuneOk).UInt16((ushort)agreed.ChannelMax).UInt32((uint)agreed.FrameMax).UInt16((ushort)agreed.Heartbeat.TotalSeconds), cancellationToken).ConfigureAwait(false);
        await SendAsync(new MethodFrame(0, Methods.ConnectionOpen).Short(server.Path).Short("").Bits(false), cancellationToken).ConfigureAwait(false);
        await ExpectAsync(Methods.ConnectionOpenOk, cancellationToken).ConfigureAwait(false);
        return agreed;
    }

    private static (MessageHeaders Properties, string Mechanisms) Start(byte[] payload)
    {
        var reader = new FieldReader(payload);
        reader.UInt16();
        return (reader.Table(), Encoding.UTF8.GetString(reader.Long()));
    }

    private LoginResult Tune(byte[] payload)
    {
        var reader = new FieldReader(payload);
        var (channels, frame, seconds) = ((int)reader.UInt16(), reader.UInt32(), reader.UInt16());
        if (frame is > 0 and < Frame.SmallestLimit)
        {
            throw new AmqpFormatException($"the server wants frames of at most {frame} bytes; AMQP asks for at least {Frame.SmallestLimit}");
        }
        var ours = (int)Math.Clamp(Math.Ceiling(options.Reconnect.Heartbeat.TotalSeconds), 0, ushort.MaxValue);
        // 0 means no wish: then the other's counts.
        var heartbeat = ours == 0 || seconds == 0 ? Math.Max(ours, seconds) : Math.Min(ours, seconds);
        return new LoginResult(
            channels == 0 ? MostChannels : Math.Min(channels, MostChannels), frame == 0 ? LargestFrame : (int)Math.Min(frame, LargestFrame), TimeSpan.FromSeconds(heartbeat), null);
    }

    private static MessageHeaders ClientProperties() => MessageHeaders.Empty
        .With("product", "Celeriac").With("platform", $".NET {Environment.Version}").With("version", typeof(Login).Assembly.GetName().Version?.ToString(3) ?? "")
        .With("connection_name", $"celeriac {Environment.ProcessId}@{Environment.MachineName}")
        .With("capabilities", HeaderValue.From(new MessageHeaders(s_capabilities.Select(name => KeyValuePair.Create(name, (HeaderValue)true)))));

    private async Task SendAsync(MethodFrame frame, CancellationToken cancellationToken) =>
        await socket.Stream.WriteAsync(frame.Finish().ToArray(), cancellationToken).ConfigureAwait(false);

    /// <summary>The fields of the method that must come now.</summary>
    private async Task<byte[]> ExpectAsync(uint expected, CancellationToken cancellationToken)
    {
        while (true)
        {
            var buffer = await socket.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (buffer.IsEmpty)
            {
                throw new AmqpClosedException(null, new EndOfStreamException("The server ended the connection."));
            }
            var payload = Frame.TryTake(ref buffer, LargestFrame, out var frame) ? frame.Payload.ToArray() : null;
            socket.Advance(buffer, isLooked: payload is null);
            if (payload is null || frame.Type == FrameType.Heartbeat)
            {
                continue;
            }
            return Fields(payload, expected);
        }
    }

    private static byte[] Fields(byte[] payload, uint expected)
    {
        var reader = new FieldReader(payload);
        var method = reader.UInt32();
        return method switch
        {
            Methods.ConnectionClose => throw new AmqpClosedException(new CloseReason(true, reader.UInt16(), reader.ShortText())),
            _ when method == expected => reader.Rest.ToArray(),
            _ => throw new AmqpFormatException($"the server sent {Methods.TextOf(method)} where {Methods.TextOf(expected)} was to come"),
        };
    }
}
