using System.Net;
using System.Net.Sockets;
using Celeriac.Conformance;

namespace Celeriac.Messaging.Tests.Network;

public sealed class TcpProxyTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly List<IDisposable> _opened = [];
    private TcpProxy _proxy = null!;

    public ValueTask InitializeAsync()
    {
        _server.Start();
        _proxy = TcpProxy.Start("127.0.0.1", ((IPEndPoint)_server.LocalEndpoint).Port);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _opened.ForEach(one => one.Dispose());
        await _proxy.DisposeAsync();
        _server.Stop();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_one_side_sends_reaches_the_other_and_is_counted(bool splits)
    {
        _proxy.Splits = splits;
        var (client, server) = await PairAsync();
        await client.SendAsync(new byte[100]);
        await server.SendAsync(new byte[30]);

        Assert.Equal((100, 30), (await ReadAsync(server, 100), await ReadAsync(client, 30)));
        Assert.Equal((100, 30, 1, 1), (_proxy.BytesToServer, _proxy.BytesToClient, _proxy.Connections, _proxy.Accepted));
    }

    [Fact]
    public async Task The_end_of_one_side_reaches_the_other()
    {
        var (client, server) = await PairAsync();
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(0, await ReadAsync(server, 1));
        await server.SendAsync(new byte[3]);
        Assert.Equal(3, await ReadAsync(client, 3));
    }

    [Fact]
    public async Task A_cut_resets_both_sides_and_new_connections_go_through()
    {
        var (client, server) = await PairAsync();

        await _proxy.CutAsync();

        await AssertResetAsync(client);
        await AssertResetAsync(server);
        var (again, other) = await PairAsync();
        await again.SendAsync(new byte[1]);
        Assert.Equal(1, await ReadAsync(other, 1));
    }

    [Fact]
    public async Task A_side_that_resets_resets_the_other()
    {
        var (client, server) = await PairAsync();
        server.LingerState = new LingerOption(true, 0);
        server.Dispose();

        await AssertResetAsync(client);
    }

    [Fact]
    public async Task A_black_hole_forwards_nothing_until_it_is_restored()
    {
        var (client, server) = await PairAsync();
        _proxy.BlackHole();
        await client.SendAsync(new byte[5]);
        var reading = ReadAsync(server, 5);
        var late = await ConnectAsync();
        Assert.Equal((0, 0), (_proxy.BytesToServer, server.Available));
        Assert.False(reading.IsCompleted);

        _proxy.Restore();

        Assert.Equal(5, await reading);
        var other = await AcceptAsync();
        await late.SendAsync(new byte[1]);
        Assert.Equal(1, await ReadAsync(other, 1));
    }

    [Fact]
    public async Task A_black_hole_of_one_direction_lets_the_other_pass()
    {
        var (client, server) = await PairAsync();
        _proxy.BlackHole(TrafficDirection.ToClient);
        await server.SendAsync(new byte[5]);
        await client.SendAsync(new byte[7]);

        Assert.Equal(7, await ReadAsync(server, 7));
        Assert.Equal(0, _proxy.BytesToClient);
    }

    [Fact]
    public async Task A_proxy_that_refuses_keeps_what_is_open_and_listens_again_on_the_same_port()
    {
        var (client, server) = await PairAsync();
        _proxy.Refuse();

        var error = await Assert.ThrowsAsync<SocketException>(ConnectAsync);
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
        await client.SendAsync(new byte[2]);
        Assert.Equal(2, await ReadAsync(server, 2));

        _proxy.Restore();
        await PairAsync();
        Assert.Equal(2, _proxy.Accepted);
    }

    [Fact]
    public async Task A_server_that_is_not_there_resets_the_client()
    {
        _server.Stop();
        // The reset may come before the client has seen that it is connected.
        await AssertResetAsync(async () => await ReadAsync(await ConnectAsync(), 1));
    }

    [Fact]
    public void A_url_is_led_through_the_proxy_and_around_it()
    {
        var direct = $"amqp://guest:secret@127.0.0.1:{_proxy.ServerPort}/shop?heartbeat=1s";

        Assert.Equal($"amqp://guest:secret@127.0.0.1:{_proxy.Port}/shop?heartbeat=1s", _proxy.Through(direct));
        Assert.Equal(direct, _proxy.Around(_proxy.Through(direct)));
        Assert.DoesNotContain("secret", Assert.Throws<ArgumentException>(() => _proxy.Through("amqp://guest:secret@elsewhere/")).Message, StringComparison.Ordinal);
    }

    private async Task<(Socket Client, Socket Server)> PairAsync() => (await ConnectAsync(), await AcceptAsync());

    private async Task<Socket> AcceptAsync()
    {
        var server = await _server.AcceptSocketAsync().WaitAsync(Patience);
        _opened.Add(server);
        return server;
    }

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _opened.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, _proxy.Port).WaitAsync(Patience);
        return client;
    }

    private static async Task<int> ReadAsync(Socket socket, int count)
    {
        var read = 0;
        while (read < count && await socket.ReceiveAsync(new byte[count - read]).WaitAsync(Patience) is var length and > 0)
        {
            read += length;
        }
        return read;
    }

    private static Task AssertResetAsync(Socket socket) => AssertResetAsync(() => ReadAsync(socket, 1));

    private static async Task AssertResetAsync(Func<Task> use)
    {
        var error = await Assert.ThrowsAsync<SocketException>(use);
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }
}
