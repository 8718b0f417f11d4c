using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Celeriac.Stomp.Tests.Client;

/// <summary>A server that does what a test says, frame by frame.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly FrameParser _parser = new(64 << 20, 64 << 10, 500);
    private Socket? _socket;
    private Stream? _stream;
    private PipeReader? _input;

    public ScriptedServer() => _listener.Start();

    public X509Certificate2? Certificate { get; init; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public StompClientOptions Options => new() { Host = "127.0.0.1", Port = Port, HeartbeatSend = TimeSpan.Zero, HeartbeatReceive = TimeSpan.Zero };

    /// <summary>Takes the connection of a client that is connecting.</summary>
    public async Task AcceptAsync()
    {
        _socket = await _listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        _stream = new NetworkStream(_socket);
        if (Certificate is not null)
        {
            var secure = new SslStream(_stream);
            _stream = secure;
            await secure.AuthenticateAsServerAsync(Certificate);
        }
        _input = PipeReader.Create(_stream);
    }

    /// <summary>Takes the connection and answers CONNECT.</summary>
    public async Task<StompFrame> WelcomeAsync(params KeyValuePair<string, string>[] headers)
    {
        await AcceptAsync();
        var connect = await ReadAsync();
        await SendAsync(new StompFrame("CONNECTED", [new("version", "1.2"), .. headers]));
        return connect;
    }

    /// <summary>A client of this server, after the handshake.</summary>
    public async Task<StompClient> ConnectAsync(StompClientOptions? options = null, TimeProvider? time = null, string? heartbeat = null)
    {
        var connecting = StompClient.ConnectAsync(options ?? Options, time, TestContext.Current.CancellationToken);
        await WelcomeAsync(heartbeat is null ? [] : [new("heart-beat", heartbeat)]);
        return await connecting;
    }

    public async Task<StompFrame> ReadAsync()
    {
        while (true)
        {
            var result = await _input!.ReadAsync(TestContext.Current.CancellationToken);
            var buffer = result.Buffer;
            var frame = _parser.Read(ref buffer);
            _input.AdvanceTo(buffer.Start, frame is null ? buffer.End : buffer.Start);
            if (frame is not null)
            {
                return frame;
            }
            Assert.False(result.IsCompleted, "The client has closed the connection.");
        }
    }

    /// <summary>The next bytes as they come, or null once the client has closed.</summary>
    public async Task<string?> ReadTextAsync()
    {
        var result = await _input!.ReadAsync(TestContext.Current.CancellationToken);
        var text = Encoding.UTF8.GetString(result.Buffer.ToArray());
        _input.AdvanceTo(result.Buffer.End);
        return result.IsCompleted && text.Length == 0 ? null : text;
    }

    public async Task<StompFrame> ReadAsync(string command)
    {
        var frame = await ReadAsync();
        Assert.Equal(command, frame.Command);
        return frame;
    }

    public async Task SendAsync(params StompFrame[] frames) => await SendBytesAsync(Wire.Encode(frames));

    public async Task SendBytesAsync(byte[] bytes) => await _stream!.WriteAsync(bytes, TestContext.Current.CancellationToken);

    /// <summary>Confirms a frame that asked for it.</summary>
    public Task ConfirmAsync(StompFrame frame) => SendAsync(Receipt(frame));

    public static StompFrame Receipt(StompFrame frame) => new("RECEIPT", [new("receipt-id", frame.Headers.Find("receipt")!)]);

    public static StompFrame Message(string subscription, string body) =>
        new("MESSAGE", [new("subscription", subscription), new("message-id", "1"), new("destination", "/queue/a"), new("ack", "1")], Encoding.UTF8.GetBytes(body));

    /// <summary>Answers DISCONNECT and waits until the client is gone.</summary>
    public async Task FarewellAsync()
    {
        await ConfirmAsync(await ReadAsync("DISCONNECT"));
        Assert.Null(await ReadTextAsync());
    }

    public void Close() => _socket!.Shutdown(SocketShutdown.Both);

    public async ValueTask DisposeAsync()
    {
        _socket?.Dispose();
        _listener.Dispose();
        if (_stream is not null)
        {
            await _stream.DisposeAsync();
        }
    }
}
