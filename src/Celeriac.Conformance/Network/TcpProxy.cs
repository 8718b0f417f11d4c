using System.Net;
using System.Net.Sockets;

namespace Celeriac.Conformance;

/// <summary>
/// A network between a client and a server that can be made to fail: connections are cut, swallowed or refused, slowed down and split,
/// and counted. It listens on a port of 127.0.0.1 of its own. Every member is safe to call from many threads.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<ProxiedConnection> _connections = [];
    private readonly TrafficGate _toServer = new();
    private readonly TrafficGate _toClient = new();
    private Socket _socket;
    private Task _accepting = Task.CompletedTask;
    private bool _listens;
    private bool _disposed;
    private long _accepted;
    private long _bytesToServer;
    private long _bytesToClient;
    private long _delayTicks;

    private TcpProxy(string host, int port)
    {
        ServerHost = host;
        ServerPort = port;
        _socket = Bind(0);
        Port = ((IPEndPoint)_socket.LocalEndPoint!).Port;
    }

    /// <summary>The port of 127.0.0.1 that clients connect to. It stays the same, also while the proxy refuses.</summary>
    public int Port { get; }

    /// <summary>The server's host, as given.</summary>
    public string ServerHost { get; }

    /// <summary>The server's port.</summary>
    public int ServerPort { get; }

    /// <summary>How many connections are open now.</summary>
    public int Connections
    {
        get
        {
            lock (_lock)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>How many connections have been accepted since the start.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>How many bytes have been passed on to the server since the start.</summary>
    public long BytesToServer => Interlocked.Read(ref _bytesToServer);

    /// <summary>How many bytes have been passed on to clients since the start.</summary>
    public long BytesToClient => Interlocked.Read(ref _bytesToClient);

    /// <summary>How long every piece of data waits, each way, before it is passed on. Default zero.</summary>
    public TimeSpan Delay
    {
        get => new(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    /// <summary>Whether data is passed on in pieces of 1 to 16 bytes, as a network may do. Default false.</summary>
    public bool Splits { get; set; }

    /// <summary>Starts a proxy that forwards to a server, which need not run yet.</summary>
    /// <param name="host">The server's host name or address.</param>
    /// <param name="port">The server's port.</param>
    public static TcpProxy Start(string host, int port)
    {
        ArgumentNullException.ThrowIfNull(host);
        var proxy = new TcpProxy(host, port);
        proxy.Restore();
        return proxy;
    }

    /// <summary>The URL that leads through this proxy, for a URL that leads to the server.</summary>
    /// <exception cref="ArgumentException">The URL does not name the server's host and port.</exception>
    public string Through(string url) => Replace(url, $"{ServerHost}:{ServerPort}", $"127.0.0.1:{Port}");

    /// <summary>The URL that leads to the server directly, for a URL that leads through this proxy.</summary>
    /// <exception cref="ArgumentException">The URL does not name this proxy.</exception>
    public string Around(string url) => Replace(url, $"127.0.0.1:{Port}", $"{ServerHost}:{ServerPort}");

    /// <summary>Closes every connection with a reset, both ways, and returns when they are closed. New ones are treated as before.</summary>
    public async Task CutAsync()
    {
        ProxiedConnection[] connections;
        lock (_lock)
        {
            connections = [.. _connections];
        }
        foreach (var connection in connections)
        {
            connection.Reset();
        }
        await Task.WhenAll(connections.Select(connection => connection.Ended));
    }

    /// <summary>From now on nothing is forwarded in a direction; connections stay open, new ones are accepted and never answered. <see cref="Restore"/> forwards what came meanwhile.</summary>
    /// <param name="direction">Which way; default both.</param>
    public void BlackHole(TrafficDirection direction = TrafficDirection.Both)
    {
        if (direction.HasFlag(TrafficDirection.ToServer))
        {
            _toServer.Close();
        }
        if (direction.HasFlag(TrafficDirection.ToClient))
        {
            _toClient.Close();
        }
    }

    /// <summary>From now on new connections are refused, as when no server listens. Those that are open go on; <see cref="CutAsync"/> ends them.</summary>
    public void Refuse()
    {
        lock (_lock)
        {
            if (!_listens || _disposed)
            {
                return;
            }
            _listens = false;
            // Bound and not listening: the port stays ours and refuses, and the system gives it to no outgoing connection.
            _socket.Dispose();
            _socket = Bind(Port);
        }
    }

    /// <summary>From now on everything is forwarded again, and new connections are accepted.</summary>
    public void Restore()
    {
        _toServer.Open();
        _toClient.Open();
        lock (_lock)
        {
            if (_listens)
            {
                return;
            }
            ObjectDisposedException.ThrowIf(_disposed, this);
            _listens = true;
            _socket.Listen();
            _accepting = Task.WhenAll(_accepting, AcceptAsync(_socket));
        }
    }

    /// <summary>Closes every connection and listens no more.</summary>
    public async ValueTask DisposeAsync()
    {
        Task accepting;
        lock (_lock)
        {
            _disposed = true;
            _listens = false;
            _socket.Dispose();
            accepting = _accepting;
        }
        await accepting;
        await CutAsync();
    }

    internal async ValueTask PassAsync(TrafficDirection direction, CancellationToken cancellationToken) =>
        await (direction == TrafficDirection.ToServer ? _toServer : _toClient).PassAsync(cancellationToken);

    internal void Count(TrafficDirection direction, int bytes) =>
        Interlocked.Add(ref direction == TrafficDirection.ToServer ? ref _bytesToServer : ref _bytesToClient, bytes);

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }
            Interlocked.Increment(ref _accepted);
            var connection = new ProxiedConnection(this, client);
            lock (_lock)
            {
                _connections.Add(connection);
            }
            _ = ForwardAsync(connection);
        }
    }

    private async Task ForwardAsync(ProxiedConnection connection)
    {
        await connection.RunAsync();
        lock (_lock)
        {
            _connections.Remove(connection);
        }
        connection.Dispose();
    }

    private static Socket Bind(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    private static string Replace(string url, string from, string to)
    {
        ArgumentNullException.ThrowIfNull(url);
        return url.Contains(from, StringComparison.Ordinal)
            ? url.Replace(from, to, StringComparison.Ordinal)
            : throw new ArgumentException($"The URL does not name '{from}'. Give the URL of the server that this proxy stands before, with host and port.", nameof(url));
    }
}
