namespace Celeriac.Interop.Tests.Fleet;

/// <summary>What workers tell each other without being asked: Python's heartbeats move our clock.</summary>
public sealed class GossipTests(InteropPlace place, PythonClient python) : InteropTest(place, python)
{
    private const int Ahead = 5_000_000;
    private const string CSharpNode = "cs@gossip";

    [Fact(Timeout = Limit)]
    public async Task The_heartbeats_of_Python_workers_move_the_clock_of_the_CSharp_worker()
    {
        var url = await Place.NewVirtualHostAsync($"gossip-{Guid.NewGuid().ToString("N")[..6]}");
        Python.BrokerUrl = url;
        await using var worker = await CSharpWorker.StartAsync(url, "cs", CSharpNode);

        // Only the event knows the high value: the question is asked with the worker's own clock.
        await EventuallyAsync(async () =>
        {
            await Python.RunAsync($"app.clock.value = {Ahead}\nwith app.events.default_dispatcher(hostname='py@far') as events:\n    events.send('worker-heartbeat', freq=2, active=0, processed=0, loadavg=(0.0, 0.0, 0.0), sw_ident='py-celery', sw_ver='5', sw_sys='Linux')");
            var answers = await worker.Client.Control.BroadcastAsync("clock", options: new ControlOptions { Destination = [CSharpNode], Timeout = TimeSpan.FromSeconds(30) }, cancellationToken: Cancelled);
            return Assert.Single(answers).Value.GetProperty("clock").GetInt64() > Ahead;
        }, "a clock ahead of the heartbeat's");
    }
}

/// <summary>Celery's event exchange may have another name. A class of its own: the Python process of a class has one broker and one set of settings.</summary>
public sealed class EventExchangeTests(InteropPlace place, PythonClient python) : InteropTest(place, python)
{
    private const string CSharpNode = "cs@exchange";

    [Fact(Timeout = Limit)]
    public async Task Events_travel_through_the_exchange_that_both_sides_have_set()
    {
        var url = await Place.NewVirtualHostAsync($"gossip-{Guid.NewGuid().ToString("N")[..6]}");
        (Python.BrokerUrl, Python.Settings["INTEROP_EVENT_EXCHANGE"]) = (url, "shop.events");
        await using var worker = await CSharpWorker.StartAsync(url, "cs", CSharpNode, configure: celeriac => celeriac.Configure(options => options.EventExchange = "shop.events"));

        var heard = await Python.RunAsync($$"""
            import socket
            heard = []
            def hear(event):
                heard.append(event['hostname'])
                receiver.should_stop = True
            with app.connection_for_read() as connection:
                receiver = app.events.Receiver(connection, handlers={'worker-heartbeat': hear})
                try:
                    receiver.capture(timeout=PATIENCE, wakeup=False)
                except socket.timeout:
                    pass
            return heard
            """);
        Assert.Equal($"[\"{CSharpNode}\"]", Plain(heard));
    }
}
