using Celeriac.Conformance;

namespace Celeriac.Amqp.Tests;

/// <summary>The queue in which a client's results arrive.</summary>
public sealed class ReplyQueueTests : IAsyncDisposable
{
    private readonly Place _place = new();

    [Fact(Timeout = 180_000)]
    public async Task A_reply_queue_that_somebody_deletes_is_declared_again_and_results_still_to_come_arrive()
    {
        await _place.StartAsync();
        var gate = ConformanceTasks.GateOf(_place.Queue);
        var worker = await _place.StartWorkerAsync();
        var sent = await _place.Client.SendAsync(ConformanceTasks.WaitTask.S(_place.Queue));
        await gate.EnteredAsync(_place.Patience);
        var queues = await SharedServer.Server.ControlAsync("list_queues", "-p", _place.Host, "name");
        var reply = Assert.Single(queues.Split('\n', StringSplitOptions.TrimEntries), name => name.StartsWith("celeriac.reply.", StringComparison.Ordinal));

        var other = _place.OpenClient().Transport;
        Assert.True(await other.DeleteQueueAsync(reply, TestContext.Current.CancellationToken));
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await other.CountAsync(reply, TestContext.Current.CancellationToken) is not { Consumers: 1 })
        {
            await beat.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
        gate.Open();
        Assert.Equal(worker.Node, await sent.GetAsync(_place.Patience));
    }

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    private sealed class Place : TaskHarness
    {
        public string Host { get; } = $"replies-{Guid.NewGuid():N}";

        public override string BrokerUrl => SharedServer.Server.AmqpUrl + Host;

        public override string ResultBackend => "rpc://";

        public override async ValueTask StartAsync()
        {
            await SharedServer.Server.ControlAsync("add_vhost", Host);
            await SharedServer.Server.ControlAsync("set_permissions", "-p", Host, "guest", ".*", ".*", ".*");
        }
    }
}
