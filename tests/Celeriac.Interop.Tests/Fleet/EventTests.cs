using System.Text.Json;

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>What Celery's own monitors see of a C# worker: <c>celery events --dump</c>, and the receiver and cluster state that Flower is built on.</summary>
public sealed class EventTests(ControlPlace fleet, PythonClient python) : IClassFixture<ControlPlace>, IClassFixture<PythonClient>, IAsyncLifetime
{
    private const int Limit = 180_000;

    // Runs calls while a receiver listens, until each has ended as an event says, and answers the events of both workers.
    private const string Capture = """
        from celery.events.receiver import EventReceiver
        from celery.events.state import State
        import socket
        app.control.enable_events(reply=True, timeout=1)
        state, events = State(), []
        with app.connection_for_read() as connection:
            receiver = EventReceiver(connection, app=app)
            ready = {'task-succeeded', 'task-failed', 'task-revoked', 'task-rejected'}
            def on_event(event):
                events.append(dict(event))
                state.event(event)
            receiver.handlers = {'*': on_event}
            with receiver.consumer_context() as (listening, channel, consumers):
                sent = [send(*call, **options).id for call, options in CALLS]
                deadline = time.time() + PATIENCE
                while time.time() < deadline:
                    try:
                        listening.drain_events(timeout=0.5)
                    except socket.timeout:
                        pass
                    ended = {event['uuid'] for event in events if event['type'] in ready}
                    beats = {event['hostname'] for event in events if event['type'] == 'worker-heartbeat'}
                    # Python may tell a retry after what came of it: every run that began must have been told to its end.
                    runs = {id: [event['type'] for event in events if event.get('uuid') == id] for id in sent}
                    told = all(types.count('task-started') <= sum(type in ready or type == 'task-retried' for type in types) for types in runs.values())
                    if set(sent) <= ended and told and len(beats) >= 2:
                        break
        app.control.disable_events(reply=True, timeout=1)
        """;

    public ValueTask InitializeAsync()
    {
        python.BrokerUrl = fleet.Url;
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The same calls to both workers: the same events in the same order with the same fields.</summary>
    [Theory(Timeout = Limit)]
    [InlineData("'SIDE.add', 2, 3", "{}")]
    [InlineData("'SIDE.flaky', 2", "{}")]
    [InlineData("'SIDE.add', 'one', 2, 3", "{}")]
    [InlineData("'SIDE.add', 1, 1", "{'headers': {'expires': '2020-01-01T00:00:00'}}")]
    [InlineData("'SIDE.rejected',", "{}")]
    [InlineData("'SIDE.fail', 'KeyError', 'lost'", "{}")]
    public async Task A_CSharp_worker_tells_the_life_of_a_task_as_a_Python_worker_does(string call, string options)
    {
        var calls = string.Join(", ", new[] { "cs", "py" }.Select(side => $"(({call.Replace("SIDE", side, StringComparison.Ordinal)}), {options})"));
        var lives = await python.RunAsync($"CALLS = [{calls}]\n{Capture}\nreturn [[event for event in events if event.get('uuid') == id] for id in sent]");
        var (ours, theirs) = (Life(lives[0]), Life(lives[1]));
        Assert.Equal(theirs, ours);
    }

    [Fact(Timeout = Limit)]
    public async Task A_heartbeat_has_every_field_of_a_Python_workers_with_its_type()
    {
        var beats = await python.RunAsync($"CALLS = []\n{Capture}\nreturn {{event['hostname']: event for event in events if event['type'] == 'worker-heartbeat'}}");
        var ours = beats.GetProperty(ControlPlace.CSharpNode);
        foreach (var field in beats.GetProperty(ControlPlace.PythonNode).EnumerateObject())
        {
            Assert.True(ours.TryGetProperty(field.Name, out var value), $"'{field.Name}' is missing.");
            Assert.Equal(field.Value.ValueKind, value.ValueKind);
        }
        Assert.Equal("cs-celeriac", ours.TextOf("sw_ident"));
        Assert.Equal(beats.GetProperty(ControlPlace.PythonNode).GetProperty("utcoffset").GetInt32(), ours.GetProperty("utcoffset").GetInt32());
    }

    [Fact(Timeout = Limit)]
    public async Task The_cluster_state_that_Flower_keeps_knows_the_worker_and_the_whole_life_of_a_task()
    {
        var seen = await python.RunAsync("CALLS = [(('cs.add', 2, 3), {}), (('cs.fail', 'key', 'lost'), {})]\n" + Capture + $$"""

            worker = state.workers['{{ControlPlace.CSharpNode}}']
            def life(id):
                task = state.tasks[id]
                return {key: getattr(task, key) for key in ('name', 'state', 'args', 'kwargs', 'result', 'exception', 'runtime', 'received', 'started', 'succeeded', 'failed', 'retries', 'root_id')} | {'worker': task.worker.hostname}
            return {'alive': worker.alive, 'drift': abs(worker.timestamp - worker.local_received) if hasattr(worker, 'local_received') else 0, 'good': life(sent[0]), 'bad': life(sent[1])}
            """);
        Assert.True(seen.GetProperty("alive").GetBoolean());
        var (good, bad) = (seen.GetProperty("good"), seen.GetProperty("bad"));
        Assert.Equal(("cs.add", "SUCCESS", "(2, 3)", "{}", "5", ControlPlace.CSharpNode), (good.TextOf("name"), good.TextOf("state"), good.TextOf("args"), good.TextOf("kwargs"), good.TextOf("result"), good.TextOf("worker")));
        Assert.Equal(("FAILURE", "KeyError('lost')"), (bad.TextOf("state"), bad.TextOf("exception")));
        Assert.True(good.GetProperty("received").GetDouble() <= good.GetProperty("started").GetDouble());
        Assert.True(good.GetProperty("started").GetDouble() <= good.GetProperty("succeeded").GetDouble());
        Assert.InRange(good.GetProperty("runtime").GetDouble(), 0, 30);
    }

    [Fact(Timeout = Limit)]
    public async Task Events_dump_prints_the_events_of_a_CSharp_worker()
    {
        var text = await fleet.DumpAsync(async () => await python.RunAsync("app.control.enable_events(reply=True, timeout=1)\nreturn send('cs.add', 2, 3).get(timeout=PATIENCE)"), "task-succeeded");
        Assert.Contains($"{ControlPlace.CSharpNode} [", text, StringComparison.Ordinal);
        Assert.Contains("task received: cs.add(", text, StringComparison.Ordinal);
    }

    private static string Life(JsonElement events) => string.Join("\n", events.EnumerateArray().Select(@event =>
        $"{@event.TextOf("type")}: {string.Join(", ", @event.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal))}")
        // A retry is published before it is told: the next run may be received first.
        .Order(StringComparer.Ordinal));
}
