using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Celeriac.Stomp.Tests.Client;

namespace Celeriac.Stomp.Tests;

/// <summary>Between a client and a STOMP server: sees every frame, and drops those that a test wants dropped. Beats are not passed on: use <c>heartbeat=1h</c>.</summary>
internal sealed class StompTap : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<Socket> _sockets = [];
    private readonly int _serverPort;
    private readonly Task _accepting;

    public StompTap(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What the client has sent, in the order of each connection.</summary>
    public ConcurrentQueue<StompFrame> Sent { get; } = new();

    /// <summary>Whether a frame of the server is passed on. Default: all.</summary>
    public Func<StompFrame, bool> Passes { get; set; } = _ => true;

    public string Through(string url) => url.Replace($":{_serverPort}", $":{Port}", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync();
                var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                _sockets.Add(client);
                _sockets.Add(server);
                await server.ConnectAsync(IPAddress.Loopback, _serverPort);
                (client.NoDelay, server.NoDelay) = (true, true);
                _ = PumpAsync(client, server, See);
                _ = PumpAsync(server, client, frame => Passes(frame));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
        }
    }

    private bool See(StompFrame frame)
    {
        Sent.Enqueue(frame);
        return true;
    }

    private static async Task PumpAsync(Socket from, Socket to, Func<StompFrame, bool> passes)
    {
        try
        {
            var parser = new FrameParser(64 << 20, 64 << 10, 1000);
            var input = PipeReader.Create(new NetworkStream(from));
            while (true)
            {
                var result = await input.ReadAsync();
                var buffer = result.Buffer;
                while (parser.Read(ref buffer) is { } frame)
                {
                    if (passes(frame))
                    {
                        await to.SendAsync(Wire.Encode(frame));
                    }
                }
                input.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
        }
        to.Dispose();
    }
}
