namespace Celeriac.Interop.Tests.Fleet;

/// <summary>An election that Python workers hold ends beside a C# worker, which they wait for because it has a heartbeat.</summary>
public sealed class ElectionTests(InteropPlace place, PythonClient python) : InteropTest(place, python)
{
    private const string CSharpNode = "cs@election";

    // Holds an election and listens until the nodes have agreed; again where one of them did not listen yet.
    private static readonly string s_hold = $$"""
        from celery.events.receiver import EventReceiver
        import socket
        acks, elections = [], []
        with app.connection_for_read() as connection:
            receiver = EventReceiver(connection, app=app, routing_key='worker.#', handlers={'worker-elect-ack': lambda event: acks.append((event['id'], event['hostname']))})
            with receiver.consumer_context() as (listening, channel, consumers):
                deadline = time.time() + PATIENCE
                while time.time() < deadline and not any(node == '{{CSharpNode}}' for _, node in acks):
                    elections.append(str(uuid.uuid4()))
                    app.control.election(elections[-1], 'task', interop_app.add.si(len(elections), 0))
                    try:
                        for _ in range(12):
                            listening.drain_events(timeout=1)
                    except socket.timeout:
                        pass
        return {'id': elections[-1], 'acks': [node for id, node in acks if id == elections[-1]]}
        """;

    [Fact(Timeout = Limit)]
    public async Task The_CSharp_worker_agrees_and_the_election_ends_on_every_Python_worker()
    {
        var url = await Place.NewVirtualHostAsync("election");
        Python.BrokerUrl = url;
        await using var cSharp = await CSharpWorker.StartAsync(url, "cs", CSharpNode);
        var starting = Task.WhenAll(StartAsync(url, "one@election"), StartAsync(url, "two@election"));
        await using var one = (await starting)[0];
        await using var two = (await starting)[1];

        var held = await Python.RunAsync(s_hold);
        var nodes = held.GetProperty("acks").EnumerateArray().Select(node => node.GetString()).ToList();
        Assert.Contains(CSharpNode, nodes);
        Assert.Contains(one.Node, nodes);
        Assert.Contains(two.Node, nodes);
        string[] ends = [$"I won the election '{held.TextOf("id")}'", $"elected for '{held.TextOf("id")}'"];
        await EventuallyAsync(() => Task.FromResult(HasEnded(one) && HasEnded(two)), $"the end of election {held.TextOf("id")}\n{one.Log}\n{two.Log}");
        await EventuallyAsync(() => Task.FromResult((one.Log + two.Log).Contains("Task py.add[", StringComparison.Ordinal)), "the winner's task");
        Assert.DoesNotContain(cSharp.Log, line => line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Warning", StringComparison.Ordinal));
        Assert.Empty(one.Complaints());
        Assert.Empty(two.Complaints());

        bool HasEnded(PythonWorker worker) => ends.Any(end => worker.Log.Contains(end, StringComparison.Ordinal));
    }

    private static Task<PythonWorker> StartAsync(string url, string node) => PythonWorker.StartAsync(new PythonWorkerOptions { BrokerUrl = url, Node = node, Arguments = ["-c", "1"] });
}
