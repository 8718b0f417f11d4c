using System.Diagnostics;
using Celeriac.Amqp.Connecting;
using Celeriac.Amqp.Library;
using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;
using Celeriac.Conformance;
using Celeriac.Messaging;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Tests.Faults;

/// <summary>Servers that fall silent. RabbitMQ.Client's own way to notice them can end the whole process, and these tests with it.</summary>
[Collection(nameof(Faults))]
public sealed class SilenceTests
{
    private const int Connections = 16;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory(Timeout = 120_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Silent_servers_are_given_up_after_two_heartbeats_with_the_reason_also_while_connections_end(bool isTls)
    {
        var url = isTls ? $"{SharedServer.Server.AmqpsUrl}?heartbeat=1s&ca={Uri.EscapeDataString(SharedServer.Server.AuthorityFile)}" : $"{SharedServer.Server.AmqpUrl}?heartbeat=1s";
        for (var round = 0; round < 3; round++)
        {
            await using var network = TcpProxy.Start("127.0.0.1", BrokerUrl.Parse(url).Port!.Value);
            var connections = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => OpenAsync(network.Through(url))));
            var began = Stopwatch.GetTimestamp();
            network.BlackHole();
            // Every fourth is closed on purpose meanwhile, which the server does not answer either.
            var leaving = connections.Where((_, index) => index % 4 == 0).Select(connection => connection.DisposeAsync().AsTask()).ToArray();
            foreach (var silent in connections.Where((_, index) => index % 4 != 0))
            {
                var reason = await silent.Lost.WaitAsync(s_patience, Cancelled);
                Assert.StartsWith("no heartbeat from the server for ", reason!.Message, StringComparison.Ordinal);
            }
            // Two heartbeats, less what was quiet before, and a busy machine's delay; two of the default's heartbeats would be 40 s.
            Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.9, 30);
            await Task.WhenAll([.. leaving, .. connections.Select(connection => connection.DisposeAsync().AsTask())]).WaitAsync(s_patience, Cancelled);
        }
    }

    [Fact(Timeout = 180_000)]
    public async Task A_write_that_a_silent_server_does_not_take_ends_with_the_connection()
    {
        var url = $"{SharedServer.Server.AmqpUrl}?heartbeat=1s";
        await using var network = TcpProxy.Start("127.0.0.1", SharedServer.Server.AmqpPort);
        var connection = await OpenAsync(network.Through(url));
        var channel = await connection.OpenChannelAsync();
        var message = new Message { Body = new byte[64 << 20] };
        network.BlackHole();
        // More than all buffers on the way hold.
        var writing = channel.PublishAsync("", "nowhere", isMandatory: false, new AmqpProperties(message), message.Body).AsTask();
        var reason = await connection.Lost.WaitAsync(s_patience, Cancelled);
        Assert.StartsWith("no heartbeat from the server for ", reason!.Message, StringComparison.Ordinal);
        await connection.DisposeAsync().AsTask().WaitAsync(s_patience, Cancelled);
        // Whether it fails or not: it ends.
        await writing.WaitAsync(s_patience, Cancelled).ContinueWith(_ => { }, Cancelled, TaskContinuationOptions.None, TaskScheduler.Default);
        Assert.True(writing.IsCompleted);
        network.Restore();
        // The socket is closed: what was on the way passes and nothing follows.
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (network.Connections > 0)
        {
            await beat.WaitForNextTickAsync(Cancelled);
        }
    }

    [Fact(Timeout = 180_000)]
    public async Task A_quiet_connection_to_a_server_that_lives_stays()
    {
        await using var connection = await OpenAsync($"{SharedServer.Server.AmqpUrl}?heartbeat=1s");
        using var fiveHeartbeats = new PeriodicTimer(TimeSpan.FromSeconds(5));
        await fiveHeartbeats.WaitForNextTickAsync(Cancelled);
        Assert.False(connection.IsLost);
    }

    [Fact]
    public async Task The_library_lets_its_own_timer_be_taken_away()
    {
        var factory = new ConnectionFactory { Uri = new Uri(SharedServer.Server.AmqpUrl.TrimEnd('/')), AutomaticRecoveryEnabled = false };
        await using var connection = await factory.CreateConnectionAsync(Cancelled);
        Assert.True(LibraryHeartbeat.TryDisarm(connection));
        await connection.CloseAsync(Cancelled);
    }

    private static Task<AmqpConnection> OpenAsync(string url)
    {
        var server = BrokerUrl.Parse(url);
        return new AmqpConnector(AmqpOptions.From(server), TimeProvider.System, NullLogger.Instance).OpenAsync(server, Cancelled);
    }
}
