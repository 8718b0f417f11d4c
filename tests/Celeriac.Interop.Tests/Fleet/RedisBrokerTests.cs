using Celeriac.Brokers;
using Celeriac.Events;
using Celeriac.Messaging;
using Celeriac.Redis;

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>A fleet of one Python and one C# worker whose broker is Redis.</summary>
public sealed class RedisBrokerTests(InteropPlace place, RedisBrokerPlace fleet, PythonClient python) : InteropTest(place, python), IClassFixture<RedisBrokerPlace>, IAsyncLifetime
{
    private const int Each = 30;

    private TaskClient Client => fleet.CSharpWorker.Client;

    public ValueTask InitializeAsync()
    {
        (Python.BrokerUrl, Python.Backend) = (fleet.Url, fleet.Url);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact(Timeout = Limit)]
    public async Task Each_side_calls_the_other_and_gets_its_results()
    {
        Assert.Equal(5, (await Python.ValueAsync("'cs.add', 2, 3")).GetInt32());
        var failed = await Python.OutcomeAsync("'cs.fail', 'key', 'lost'");
        Assert.Equal(("FAILURE", "KeyError"), (failed.TextOf("state"), failed.GetProperty("error").TextOf("type")));

        var sent = await Client.SendAsync(new Signature<int>("py.add") { Args = "[20, 1]"u8.ToArray(), Options = new SendOptions { Queue = "py" } }, Cancelled);
        Assert.Equal(21, await sent.GetAsync(Patience, Cancelled));
        Assert.Empty(fleet.PythonWorker.Complaints());
    }

    [Fact(Timeout = Limit)]
    public async Task A_retry_and_a_countdown_of_either_side_are_kept()
    {
        Assert.Equal(3, (await Python.ValueAsync("'cs.flaky', 3")).GetInt32());
        Assert.Equal(7, (await Python.ValueAsync("'cs.add', 3, 4, countdown=0.5")).GetInt32());
        // What a C# client delays for a queue of Python's is made ready by whichever C# process is there.
        var sent = await Client.SendAsync(new Signature<int>("py.add") { Args = "[20, 2]"u8.ToArray(), Options = new SendOptions { Queue = "py", Countdown = TimeSpan.FromSeconds(1) } }, Cancelled);
        Assert.Equal(22, await sent.GetAsync(Patience, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task A_chain_that_ends_in_CSharp_and_a_group_of_both_sides_give_their_results()
    {
        Assert.Equal(13, (await Python.RunAsync("return chain(interop_app.add.s(1, 2), app.signature('cs.add', args=(10,))).apply_async().get(timeout=PATIENCE)")).GetInt32());
        Assert.Equal("[3,7]", Plain(await Python.RunAsync("return group(app.signature('cs.add', args=(1, 2)), interop_app.add.s(3, 4)).apply_async().get(timeout=PATIENCE)")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_chain_of_either_side_alternates_between_the_languages()
    {
        Assert.Equal(1117, (await Python.RunAsync("return chain(interop_app.add.s(1, 2), app.signature('cs.add', args=(10,)), interop_app.add.s(4).set(queue='py'), app.signature('cs.add', args=(100,)), app.signature('cs.add', args=(1000,))).apply_async().get(timeout=PATIENCE)")).GetInt32());
        var sent = await Client.SendAsync(Peer.PeerTasks.AddTask.S(1, 2) | PythonAdd(10) | Peer.PeerTasks.AddTask.Partial(100) | PythonAdd(1000), Cancelled);
        Assert.Equal(1113, await sent.GetAsync(Patience, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task A_chord_of_either_side_has_members_and_bodies_of_both_sides()
    {
        Assert.Equal("[6,6,26]", Plain(await Python.RunAsync("""
            members = [app.signature('cs.add', args=(1, 2)), interop_app.add.s(1).set(queue='py')]
            a = chord(members, interop_app.total.s().set(queue='py')).apply_async()
            b = chord(members, app.signature('cs.total')).apply_async()
            c = chain(group(members), app.signature('cs.total'), interop_app.add.s(20).set(queue='py')).apply_async()
            return [r.get(timeout=PATIENCE) for r in (a, b, c)]
            """)));
        var members = Group.Of(Peer.PeerTasks.AddTask.S(1, 2), PythonAdd(2).With(1), Peer.PeerTasks.AddTask.S(1, 2) | PythonAdd(1));
        var inCSharp = await Client.SendAsync(members | Peer.PeerTasks.TotalTask.Partial(), Cancelled);
        var inPython = await Client.SendAsync(members | new Signature("py.sum").Set(InPython).AsPartial<IReadOnlyList<int>, int>() | PythonAdd(5), Cancelled);
        Assert.Equal((10, 15), (await inCSharp.GetAsync(Patience, Cancelled), await inPython.GetAsync(Patience, Cancelled)));
        Assert.Empty(fleet.PythonWorker.Complaints());
    }

    [Fact(Timeout = Limit)]
    public async Task Of_a_shared_queue_each_message_is_done_once_by_either_side()
    {
        var ledger = Directory.CreateTempSubdirectory("celeriac-ledger-").FullName;
        var queue = $"both-{Guid.NewGuid().ToString("N")[..8]}";
        await using var cSharp = await CSharpWorker.StartAsync(fleet.Url, queue, "both-cs@redis", fleet.Url);
        Assert.Equal("ok", (await Python.RunAsync($"app.control.add_consumer('{queue}', destination=['{RedisBrokerPlace.PythonNode}'], reply=True, timeout=5)\nreturn 'ok'")).GetString());
        var fromPython = Python.RunAsync($"results = [send('shared.work', {PythonProgram.Literal(ledger)}, number, queue='{queue}') for number in range({Each})]\nreturn [result.get(timeout=PATIENCE) for result in results]");
        var sent = await Task.WhenAll(Enumerable.Range(Each, Each).Select(number => cSharp.Client.SendAsync(Peer.PeerTasks.WorkTask.S(ledger, number), Cancelled).AsTask()));
        await Task.WhenAll(sent.Select(result => result.GetAsync(Patience, Cancelled).AsTask()));
        await fromPython;

        var entries = Directory.EnumerateFiles(ledger).Select(file => Path.GetFileName(file).Split('~')).ToList();
        Assert.Equal(Enumerable.Range(0, 2 * Each), entries.Select(entry => int.Parse(entry[0], System.Globalization.CultureInfo.InvariantCulture)).Order());
        Directory.Delete(ledger, recursive: true);
    }

    [Fact(Timeout = Limit)]
    public async Task Python_asks_and_tells_both_workers_and_CSharp_does_so_too()
    {
        var (code, text) = await Python.CommandAsync("inspect", "ping", "-t", "5", "-j", "-d", $"{RedisBrokerPlace.CSharpNode},{RedisBrokerPlace.PythonNode}");
        Assert.True(code == 0 && text.Contains(RedisBrokerPlace.CSharpNode, StringComparison.Ordinal) && text.Contains(RedisBrokerPlace.PythonNode, StringComparison.Ordinal), text);
        var registered = await Python.RunAsync($"return app.control.inspect(destination=['{RedisBrokerPlace.CSharpNode}'], timeout=5).registered()");
        Assert.Contains("cs.add", Plain(registered), StringComparison.Ordinal);

        var (ours, output) = await PeerProgram.RunAsync(["inspect", "ping", "-t", "10", "-d", $"{RedisBrokerPlace.CSharpNode},{RedisBrokerPlace.PythonNode}", "--broker", fleet.Url]);
        Assert.True(ours == 0 && output.Contains($"{RedisBrokerPlace.CSharpNode}: OK", StringComparison.Ordinal) && output.Contains($"{RedisBrokerPlace.PythonNode}: OK", StringComparison.Ordinal), output);
    }

    [Fact(Timeout = Limit)]
    public async Task Each_side_s_events_are_heard_by_the_other()
    {
        await using var receiver = new EventReceiver(Client.Transport);
        await receiver.StartAsync(Cancelled);
        var heard = HearAsync(receiver, RedisBrokerPlace.PythonNode, RedisBrokerPlace.CSharpNode);
        var beats = await Python.RunAsync("""
            seen = set()
            with app.connection_for_read() as connection:
                def on_event(event):
                    seen.add(event['hostname'])
                    receiver.should_stop = len([node for node in seen if node.endswith('@redisbroker')]) == 2
                receiver = app.events.Receiver(connection, handlers={'*': on_event})
                receiver.capture(limit=None, timeout=PATIENCE, wakeup=True)
            return sorted(seen)
            """);
        Assert.Contains(RedisBrokerPlace.CSharpNode, Plain(beats), StringComparison.Ordinal);
        Assert.Contains(RedisBrokerPlace.PythonNode, Plain(beats), StringComparison.Ordinal);
        await heard.WaitAsync(Patience, Cancelled);
    }

    private static Partial<int, int> PythonAdd(int other) => new Signature("py.add").WithArgs(other).Set(InPython).AsPartial<int, int>();

    private static SendOptions InPython(SendOptions options) => options with { Queue = "py" };

    private static async Task HearAsync(EventReceiver receiver, params string[] nodes)
    {
        var missing = nodes.ToHashSet();
        await foreach (var @event in receiver.WithCancellation(Cancelled))
        {
            missing.Remove(@event.Hostname);
            if (missing.Count == 0)
            {
                return;
            }
        }
    }
}

/// <summary>The fleet, in a database of its own.</summary>
public sealed class RedisBrokerPlace(RedisFixture redis) : IAsyncLifetime
{
    public const string PythonNode = "py@redisbroker";
    public const string CSharpNode = "cs@redisbroker";
    private PythonWorker? _python;
    private CSharpWorker? _cSharp;

    public string Url => redis.Server.Url + "5";

    public PythonWorker PythonWorker => _python!;

    public CSharpWorker CSharpWorker => _cSharp!;

    /// <summary>Registers what generated code registers in an application.</summary>
    public static void Register()
    {
        ResultStores.Add("redis", new RedisResultStoreFactory());
        Transports.Add("redis", new RedisTransportFactory());
    }

    public async ValueTask InitializeAsync()
    {
        Register();
        var starting = PythonWorker.StartAsync(new PythonWorkerOptions { BrokerUrl = Url, Backend = Url, Node = PythonNode, Arguments = ["--without-mingle", "--without-gossip", "-c", "2", "-E"] });
        _cSharp = await CSharpWorker.StartAsync(Url, "cs", CSharpNode, Url);
        _python = await starting;
    }

    public async ValueTask DisposeAsync()
    {
        await _cSharp!.DisposeAsync();
        await _python!.DisposeAsync();
    }
}
