namespace Celeriac.Interop.Tests.Fleet;

/// <summary>Python and C# as producers and consumers of one queue, with the same tasks on both sides.</summary>
public sealed class SharedQueueTests(InteropPlace place, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    private const int Each = 60;
    private readonly string _queue = $"both-{Guid.NewGuid().ToString("N")[..8]}";
    private readonly string _ledger = Directory.CreateTempSubdirectory("celeriac-ledger-").FullName;
    private PythonWorker? _python;
    private CSharpWorker? _cSharp;

    public async ValueTask InitializeAsync()
    {
        var starting = PythonWorker.StartAsync(new PythonWorkerOptions { BrokerUrl = Place.Server.AmqpUrl, Queue = _queue, Node = "both-py@interop" });
        _cSharp = await CSharpWorker.StartAsync(Place.Server.AmqpUrl, _queue, "both-cs@interop");
        _python = await starting;
    }

    public async ValueTask DisposeAsync()
    {
        await _cSharp!.DisposeAsync();
        await _python!.DisposeAsync();
        Directory.Delete(_ledger, recursive: true);
    }

    [Fact(Timeout = Limit)]
    public async Task Each_message_of_either_side_is_done_once_by_either_side_and_its_caller_gets_the_result()
    {
        var ledger = PythonProgram.Literal(_ledger);
        var fromPython = Python.RunAsync($"results = [send('shared.work', {ledger}, number, queue='{_queue}') for number in range({Each})]\nreturn [result.get(timeout=PATIENCE) for result in results]");
        var sent = await Task.WhenAll(Enumerable.Range(Each, Each).Select(number => _cSharp!.Client.SendAsync(Peer.PeerTasks.WorkTask.S(_ledger, number), Cancelled).AsTask()));
        var toCSharp = await Task.WhenAll(sent.Select(result => result.GetAsync(Patience, Cancelled).AsTask()));
        var toPython = (await fromPython).EnumerateArray().Select(value => value.GetString()!).ToArray();

        var entries = Directory.EnumerateFiles(_ledger).Select(file => Path.GetFileName(file).Split('~')).ToList();
        Assert.Equal(Enumerable.Range(0, 2 * Each), entries.Select(entry => int.Parse(entry[0], System.Globalization.CultureInfo.InvariantCulture)).Order());
        Assert.Equal(entries.Count(entry => entry[1] == "py"), toCSharp.Concat(toPython).Count(side => side == "py"));
        // Both had a part in it.
        Assert.Contains("py", toCSharp.Concat(toPython));
        Assert.Contains("cs", toCSharp.Concat(toPython));
        Assert.Empty(_python!.Complaints());
        // 2218 tells at start that not all tasks of the two are the same.
        Assert.DoesNotContain(_cSharp!.Log, line => (line.StartsWith("Warning", StringComparison.Ordinal) && !line.StartsWith("Warning 2218", StringComparison.Ordinal)) || line.StartsWith("Error", StringComparison.Ordinal));
    }
}
