using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace MessagingSample.Wire;

/// <summary>What went over one connection while the relay recorded: from the client to the broker, and back.</summary>
internal sealed record Recording(byte[] Sent, byte[] Answered);

/// <summary>Stands between client and broker: passes every byte on, and keeps those that pass while it records.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, port: 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentQueue<Task> _connections = new();
    private readonly ConcurrentQueue<(MemoryStream Sent, MemoryStream Answered)> _tapes = new();
    private readonly Task _accepting;
    private readonly string _host;
    private readonly int _port;
    private volatile bool _records;

    internal Relay(string host, int port)
    {
        (_host, _port) = (host, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where the client connects to.</summary>
    internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Records while something is done; answers what passed, a recording for each connection that was used.</summary>
    internal async Task<IReadOnlyList<Recording>> RecordAsync(Func<ValueTask> act)
    {
        _records = true;
        await act();
        _records = false;
        return [.. _tapes.Select(tapes => new Recording(Read(tapes.Sent), Read(tapes.Answered))).Where(recording => recording.Sent.Length > 0)];
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_connections).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            _connections.Enqueue(ServeAsync(await _listener.AcceptTcpClientAsync(_closing.Token)));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var broker = new TcpClient { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            await broker.ConnectAsync(_host, _port, _closing.Token);
            var (sent, answered) = (new MemoryStream(), new MemoryStream());
            _tapes.Enqueue((sent, answered));
            await Task.WhenAny(
                PassAsync(client.GetStream(), broker.GetStream(), sent),
                PassAsync(broker.GetStream(), client.GetStream(), answered));
        }
    }

    private async Task PassAsync(NetworkStream from, NetworkStream to, MemoryStream tape)
    {
        var buffer = new byte[1 << 16];
        while (await from.ReadAsync(buffer, _closing.Token) is var length and > 0)
        {
            Record(buffer.AsSpan(0, length), tape);
            await to.WriteAsync(buffer.AsMemory(0, length), _closing.Token);
        }
    }

    private void Record(ReadOnlySpan<byte> bytes, MemoryStream tape)
    {
        if (_records)
        {
            lock (tape)
            {
                tape.Write(bytes);
            }
        }
    }

    private static byte[] Read(MemoryStream tape)
    {
        lock (tape)
        {
            return tape.ToArray();
        }
    }
}
