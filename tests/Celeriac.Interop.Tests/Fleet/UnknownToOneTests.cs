using Celeriac.Brokers;

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>A Python and a C# worker on one queue, which do not know the same tasks and do not send results to the same place.</summary>
public sealed class UnknownToOneTests(InteropPlace place, RedisFixture redis, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    private const int Calls = 20;
    private const string PythonNode = "unlike-py@interop";
    private readonly string _queue = $"unlike-{Guid.NewGuid().ToString("N")[..8]}";
    private PythonWorker? _python;
    private CSharpWorker? _cSharp;

    private string Backend => redis.Server.Url + "4";

    public async ValueTask InitializeAsync()
    {
        var url = await Place.NewVirtualHostAsync(_queue);
        (Python.BrokerUrl, Python.Backend) = (url, Backend);
        _python = await PythonWorker.StartAsync(new PythonWorkerOptions { BrokerUrl = url, Backend = Backend, Queue = _queue, Node = PythonNode });
        _cSharp = await CSharpWorker.StartAsync(url, _queue, "unlike-cs@interop");
    }

    public async ValueTask DisposeAsync()
    {
        await _cSharp!.DisposeAsync();
        await _python!.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task What_only_Python_knows_is_all_done_by_Python_and_the_CSharp_worker_says_what_it_passed_on()
    {
        var values = await Python.RunAsync($"return [result.get(timeout=PATIENCE) for result in [send('py.add', number, 1, queue='{_queue}') for number in range({Calls})]]");

        Assert.Equal(Enumerable.Range(1, Calls), values.EnumerateArray().Select(value => value.GetInt32()));
        await _python!.WaitForLogAsync("succeeded in", Calls);
        Assert.Equal(Calls, _python.Log.Split("succeeded in").Length - 1);
        var passedOn = _cSharp!.Log.Where(line => line.StartsWith("Information 2026: Task py.add[", StringComparison.Ordinal)).ToList();
        // RabbitMQ hands out in turn: some of them came here first.
        Assert.NotEmpty(passedOn);
        Assert.All(passedOn, line => Assert.Contains($"it went back to queue {_queue} for its owner", line, StringComparison.Ordinal));
        Assert.Empty(await new Quarantine(_cSharp.Client, _queue).ListAsync(cancellationToken: Cancelled));
        Assert.Empty(_python.Complaints());
    }

    [Fact(Timeout = Limit)]
    public async Task At_start_the_CSharp_worker_says_what_differs()
    {
        await EventuallyAsync(() => Task.FromResult(_cSharp!.Log.Any(line => line.StartsWith("Warning 2219: ", StringComparison.Ordinal))), $"2219 in {string.Join('\n', _cSharp!.Log)}");

        var tasks = Assert.Single(_cSharp.Log, line => line.StartsWith("Warning 2218: ", StringComparison.Ordinal));
        Assert.Contains($"shares queue {_queue} with {PythonNode}", tasks, StringComparison.Ordinal);
        Assert.Matches("Only here: cs\\.add, .*Only there: py\\.add, ", tasks);
        Assert.DoesNotContain("shared.work", tasks, StringComparison.Ordinal);
        var results = Assert.Single(_cSharp.Log, line => line.StartsWith("Warning 2219: ", StringComparison.Ordinal));
        Assert.True(results.Contains($"sends results to rpc://, but {PythonNode} on the same queue to {Backend}: ", StringComparison.Ordinal), results);
    }
}
