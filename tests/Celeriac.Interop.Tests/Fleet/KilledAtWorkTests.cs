using Celeriac.Interop.Peer;

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>
/// One C# and one Python worker, both processes, consume one queue with mingle, gossip and late acknowledgement on. Each is killed while it runs tasks, and
/// started again: every task ends, every caller has its result.
/// </summary>
public sealed class KilledAtWorkTests(InteropPlace place, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    private const int Each = 40;
    private const double Seconds = 0.5;
    private const string PythonNode = "py@killed";
    private const string CSharpNode = "cs@killed";

    /// <summary>
    /// What the Python worker may say. That the neighbour who was killed is missed (INFO, not counted here), and that its clock seems wrong, which is what
    /// Celery makes of a heartbeat that came late on this busy machine. Nothing else, and nothing at all of the level ERROR.
    /// </summary>
    private static readonly string[] s_allowed = ["Substantial drift"];

    private readonly string _queue = $"killed-{Guid.NewGuid().ToString("N")[..8]}";
    private readonly string _ledger = Directory.CreateTempSubdirectory("celeriac-ledger-").FullName;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_ledger, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact(Timeout = 180_000)]
    public async Task Each_side_is_killed_while_it_works_and_started_again_and_every_task_ends_and_has_its_result()
    {
        var url = await Place.NewVirtualHostAsync(_queue);
        Python.BrokerUrl = url;
        var options = new PythonWorkerOptions { BrokerUrl = url, Queue = _queue, Node = PythonNode, Arguments = ["-c", "2", "-E"] };
        await using var firstPython = await PythonWorker.StartAsync(options);
        await using var firstCSharp = await PeerWorker.StartAsync(url, _queue, CSharpNode);
        await using var client = TaskClient.Open(new CeleriacOptions { BrokerUrl = url, ResultBackend = "rpc://", DefaultQueue = _queue });
        var fromCSharp = await SendFromCSharpAsync(client);
        var fromPython = ResultsOfPythonAsync();

        await WaitForWorkAsync("cs");
        await firstCSharp.KillAsync();
        await using var secondCSharp = await PeerWorker.StartAsync(url, _queue, CSharpNode);
        await WaitForWorkAsync("py");
        await firstPython.KillAsync();
        await using var secondPython = await PythonWorker.StartAsync(options);

        // Every caller has a result.
        var sides = (await Task.WhenAll(fromCSharp.Select(result => result.GetAsync(TimeSpan.FromSeconds(90), Cancelled).AsTask()))).Concat(await fromPython).ToList();
        Assert.Equal(2 * Each, sides.Count);
        Assert.Contains("cs", sides);
        Assert.Contains("py", sides);
        // Every task ended, at least once; what was begun and not ended was killed at work, on both sides.
        Assert.Equal(Enumerable.Range(0, 2 * Each), Entries("ended").Select(entry => int.Parse(entry[0], System.Globalization.CultureInfo.InvariantCulture)).Distinct().Order());
        Assert.NotEqual(Entries("begun").Count(entry => entry[1] == "cs"), Entries("ended").Count(entry => entry[1] == "cs"));
        Assert.NotEqual(Entries("begun").Count(entry => entry[1] == "py"), Entries("ended").Count(entry => entry[1] == "py"));
        // Those that came after the killed ones have had their part.
        Assert.Contains("succeeded in", secondPython.Log, StringComparison.Ordinal);
        Assert.Contains("succeeded in", secondCSharp.Log, StringComparison.Ordinal);
        AssertHealthy([firstPython, secondPython], [firstCSharp, secondCSharp]);
    }

    private static void AssertHealthy(PythonWorker[] python, PeerWorker[] cSharp)
    {
        Assert.All(python, worker => Assert.Empty(worker.Complaints(s_allowed)));
        Assert.Contains("mingle: sync", python[1].Log, StringComparison.Ordinal);
        foreach (var worker in cSharp)
        {
            Assert.DoesNotContain("fail:", worker.Log, StringComparison.Ordinal);
            Assert.DoesNotContain("crit:", worker.Log, StringComparison.Ordinal);
            // 2218 tells at start that not all tasks of the two are the same.
            Assert.DoesNotMatch(@"warn: \S+\[(?!2218\])", worker.Log);
        }
    }

    private async Task<AsyncResult<string>[]> SendFromCSharpAsync(TaskClient client) => await Task.WhenAll(
        Enumerable.Range(Each, Each).Select(number => client.SendAsync(PeerTasks.SlowTask.S(_ledger, number, Seconds), Cancelled).AsTask()));

    private async Task<IEnumerable<string>> ResultsOfPythonAsync()
    {
        var sent = await Python.RunAsync($"results = [send('shared.slow', {PythonProgram.Literal(_ledger)}, number, {Seconds}, queue='{_queue}') for number in range({Each})]\nreturn [result.get(timeout=50) for result in results]");
        return sent.EnumerateArray().Select(value => value.GetString()!);
    }

    /// <summary>Until a side has ended a task and runs another at this moment.</summary>
    private Task WaitForWorkAsync(string side) => EventuallyAsync(
        () =>
        {
            var ended = Entries("ended").Where(entry => entry[1] == side).Select(entry => entry[2]).ToHashSet();
            return Task.FromResult(ended.Count > 0 && Entries("begun").Any(entry => entry[1] == side && !ended.Contains(entry[2])));
        }, $"{side} works");

    private List<string[]> Entries(string what) => [.. Directory.EnumerateFiles(_ledger).Select(file => Path.GetFileName(file).Split('~')).Where(entry => entry[3] == what)];
}
