using Celeriac.Brokers;
using Celeriac.Interop.Peer;

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>Kombu's visibility timeout, two seconds long, on a queue that both sides work at: what it must not do, and what it must.</summary>
public sealed class RedisRestoreTests(InteropPlace place, RedisFixture redis, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    private const string Visibility = "2";
    private readonly string _queue = $"restore-{Guid.NewGuid().ToString("N")[..8]}";
    private readonly string _ledger = Directory.CreateTempSubdirectory("celeriac-ledger-").FullName;

    private string PythonUrl => redis.Server.Url + "6";

    private string CSharpUrl => $"{PythonUrl}?visibility_timeout={Visibility}s&lease=1s";

    public ValueTask InitializeAsync()
    {
        RedisBrokerPlace.Register();
        (Python.BrokerUrl, Python.Backend) = (PythonUrl, PythonUrl);
        Python.Settings["INTEROP_VISIBILITY"] = Visibility;
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_ledger, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact(Timeout = Limit)]
    public async Task A_task_that_outlasts_the_visibility_timeout_runs_once_on_a_CSharp_worker()
    {
        await using var worker = await CSharpWorker.StartAsync(CSharpUrl, _queue, "cs@restore", PythonUrl);
        var sent = await worker.Client.SendAsync(PeerTasks.SlowTask.S(_ledger, 1, 6.0), Cancelled);
        await BegunAsync(1);
        // A Python worker puts back at its start whatever has been held for longer than the timeout: there must be nothing when that has passed.
        using (var alarm = new PeriodicTimer(TimeSpan.FromSeconds(2.5)))
        {
            await alarm.WaitForNextTickAsync(Cancelled);
        }
        await using var neighbour = await StartPythonAsync();
        Assert.Equal("cs", await sent.GetAsync(Patience, Cancelled));
        // Whatever had come back would have come before this one.
        await (await worker.Client.SendAsync(PeerTasks.WorkTask.S(_ledger, 2), Cancelled)).GetAsync(Patience, Cancelled);
        Assert.Single(Directory.EnumerateFiles(_ledger, "1~*~begun"));
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_killed_Python_worker_held_is_put_back_by_a_CSharp_worker_and_run()
    {
        await using (var victim = await StartPythonAsync())
        {
            await Python.RunAsync($"send('shared.slow', {PythonProgram.Literal(_ledger)}, 3, 30.0, queue='{_queue}')");
            await EventuallyAsync(() => Task.FromResult(Directory.EnumerateFiles(_ledger, "3~py~*~begun").Any()), "the Python worker has begun");
            await victim.KillAsync();
        }
        await using var worker = await CSharpWorker.StartAsync(CSharpUrl, _queue, "cs-heir@restore", PythonUrl, celeriac => celeriac.AddWorker(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(100)));
        await EventuallyAsync(() => Task.FromResult(Directory.EnumerateFiles(_ledger, "3~cs~*~begun").Any()), "the C# worker has begun it again");
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_killed_CSharp_worker_held_is_put_back_by_a_Python_worker_and_run()
    {
        await using (var victim = await PeerWorker.StartAsync(CSharpUrl, _queue, "cs-victim@restore", PythonUrl))
        {
            await Python.RunAsync($"send('shared.slow', {PythonProgram.Literal(_ledger)}, 4, 0.1, queue='{_queue}', countdown=0)\nsend('shared.slow', {PythonProgram.Literal(_ledger)}, 5, 30.0, queue='{_queue}')");
            await EventuallyAsync(() => Task.FromResult(Directory.EnumerateFiles(_ledger, "5~cs~*~begun").Any()), "the C# worker has begun");
            await victim.KillAsync();
        }
        using (var alarm = new PeriodicTimer(TimeSpan.FromSeconds(2.5)))
        {
            await alarm.WaitForNextTickAsync(Cancelled);
        }
        await using var heir = await StartPythonAsync();
        await EventuallyAsync(() => Task.FromResult(Directory.EnumerateFiles(_ledger, "5~py~*~begun").Any()), "the Python worker has begun it again");
        await heir.KillAsync();
    }

    private Task<PythonWorker> StartPythonAsync() => PythonWorker.StartAsync(new PythonWorkerOptions
    {
        BrokerUrl = PythonUrl,
        Backend = PythonUrl,
        Queue = _queue,
        Node = $"py-{Guid.NewGuid().ToString("N")[..4]}@restore",
        Settings = Python.Settings,
    });

    private Task BegunAsync(int number) => EventuallyAsync(() => Task.FromResult(Directory.EnumerateFiles(_ledger, $"{number}~cs~*~begun").Any()), $"task {number} has begun");
}
