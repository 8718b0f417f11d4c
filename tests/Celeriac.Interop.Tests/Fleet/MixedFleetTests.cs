using Celeriac.Brokers;

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>A fleet with mingle and gossip on: each side is killed and started again while work goes on, and nobody complains.</summary>
public sealed class MixedFleetTests(InteropPlace place, PythonClient python) : InteropTest(place, python)
{
    private const string PythonNode = "py@fleet";
    private const string SteadyNode = "cs-steady@fleet";
    private const string VictimNode = "cs-victim@fleet";
    // A neighbour that was killed is missed, and says so in the log: that is no complaint.
    private static readonly string[] s_expected = ["missed heartbeat", "Substantial drift"];

    [Fact(Timeout = 180_000)]
    public async Task Each_side_is_killed_and_restarted_and_the_other_stays_healthy_and_no_task_is_lost()
    {
        var url = await Place.NewVirtualHostAsync("fleet");
        Python.BrokerUrl = url;
        var options = new PythonWorkerOptions { BrokerUrl = url, Node = PythonNode, Arguments = ["-c", "2", "-E"] };
        await using var steady = await CSharpWorker.StartAsync(url, "cs", SteadyNode);
        await using var first = await PythonWorker.StartAsync(options);

        await using (var victim = await PeerWorker.StartAsync(url, "cs", VictimNode))
        {
            await BothWorkAsync();
            await victim.KillAsync();
        }
        await BothWorkAsync();
        await using var successor = await PeerWorker.StartAsync(url, "cs", VictimNode);
        await BothWorkAsync();

        await first.KillAsync();
        Assert.Empty(first.Complaints(s_expected));
        await using var second = await PythonWorker.StartAsync(options);
        await BothWorkAsync();

        Assert.True(second.IsAlive);
        Assert.Empty(second.Complaints(s_expected));
        Assert.Contains("mingle: sync", second.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(steady.Log, line => line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Critical", StringComparison.Ordinal) || line.StartsWith("Warning", StringComparison.Ordinal));
        Assert.DoesNotContain("fail:", successor.Log, StringComparison.Ordinal);
    }

    private async Task BothWorkAsync()
    {
        var values = await Python.RunAsync("return [result.get(timeout=PATIENCE) for result in [send('cs.add', number, 0) for number in range(30)] + [send('py.add', number, 0) for number in range(30)]]");
        Assert.Equal(Enumerable.Range(0, 30).Concat(Enumerable.Range(0, 30)), values.EnumerateArray().Select(value => value.GetInt32()));
    }
}

/// <summary>A C# worker as a child process, so that it can be killed.</summary>
internal sealed class PeerWorker : IAsyncDisposable
{
    private readonly GuardedProcess _process;
    private readonly string _folder;

    private PeerWorker(GuardedProcess process, string folder)
    {
        _process = process;
        _folder = folder;
    }

    public string Log => PythonWorker.ReadShared(LogFile);

    private string LogFile => Path.Combine(_folder, "worker.log");

    public static async Task<PeerWorker> StartAsync(string brokerUrl, string queue, string node, string backend = "rpc://")
    {
        var folder = Directory.CreateTempSubdirectory("celeriac-peer-").FullName;
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin", ["HOME"] = folder, ["DOTNET_NOLOGO"] = "1" };
        var process = await GuardedProcess.StartAsync(folder, Path.Combine(folder, "worker.log"), environment,
            Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet", "exec", Path.Combine(AppContext.BaseDirectory, "Celeriac.Interop.Peer.dll"),
            "worker", "-Q", queue, "-n", node, "-c", "4", "-l", "info", "--broker", brokerUrl, "--result-backend", backend);
        var worker = new PeerWorker(process, folder);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!worker.Log.Contains("is ready", StringComparison.Ordinal))
        {
            Assert.False(process.HasExited || patience.IsCancellationRequested, $"The C# worker did not start: {worker.Log}");
            await pause.WaitForNextTickAsync(CancellationToken.None);
        }
        return worker;
    }

    public Task KillAsync() => _process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
