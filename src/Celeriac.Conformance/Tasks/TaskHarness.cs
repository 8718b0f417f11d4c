using Celeriac.Messaging;

namespace Celeriac.Conformance;

/// <summary>A broker and a result store of one fact's own, a client on them, and the workers it starts.</summary>
public abstract class TaskHarness : IAsyncDisposable
{
    private readonly List<(Worker Worker, Task Run, CancellationTokenSource Stop)> _workers = [];
    private readonly List<IAsyncDisposable> _opened = [];
    private readonly List<string> _folders = [];
    private TaskClient? _client;

    /// <summary>Where tasks go.</summary>
    public abstract string BrokerUrl { get; }

    /// <summary>Where results go; null, the default, for what the broker gives.</summary>
    public virtual string? ResultBackend => null;

    /// <summary>Whether replies survive a restart of the broker (<see cref="CeleriacOptions.ResultPersistent"/>).</summary>
    public virtual bool ResultPersistent => true;

    /// <summary>The URL of the same place for processes whose lease ends one second after they stop renewing it.</summary>
    public virtual string ShortLeaseUrl => $"{BrokerUrl}{(BrokerUrl.Contains('?', StringComparison.Ordinal) ? '&' : '?')}lease=1s";

    /// <summary>
    /// The assembly of the peer program, which calls <see cref="TaskPeerProgram.RunAsync"/> with the arguments after <c>tasks</c>; null where processes cannot share the place.
    /// </summary>
    public virtual string? PeerAssembly => null;

    /// <summary>How long a fact waits for what must happen before it fails: the start of a process on a busy machine included.</summary>
    public virtual TimeSpan Patience => TimeSpan.FromSeconds(60);

    /// <summary>The queue of the fact.</summary>
    public string Queue { get; } = $"tasks-{Guid.NewGuid().ToString("N")[..12]}";

    /// <summary>The client.</summary>
    public TaskClient Client => _client ??= OpenClient();

    /// <summary>The messaging layer under the client.</summary>
    public ITransport Transport => Client.Transport;

    /// <summary>Called before everything else, once for each fact: the place to wait for a broker that the tests start. Default: nothing.</summary>
    public virtual ValueTask StartAsync() => ValueTask.CompletedTask;

    /// <summary>Another client on the same place.</summary>
    public TaskClient OpenClient(string? brokerUrl = null, Action<CeleriacOptions>? configure = null)
    {
        var client = TaskClient.Open(Options(brokerUrl, configure));
        _opened.Add(client);
        return client;
    }

    /// <summary>Starts a worker on a client of its own and waits until it consumes.</summary>
    /// <param name="configure">Changes its options.</param>
    /// <param name="shared">Changes what it shares with its client.</param>
    /// <param name="services">Where instance tasks get their services.</param>
    /// <param name="knows">Which of the suite's tasks it knows; default all, without those whose limits need shared state where there is none.</param>
    public async Task<Worker> StartWorkerAsync(Action<WorkerOptions>? configure = null, Action<CeleriacOptions>? shared = null, IServiceProvider? services = null, Func<TaskDefinition, bool>? knows = null)
    {
        var options = new WorkerOptions { Concurrency = 8, NodeName = $"w{_workers.Count + 1}@test", ShutdownTimeout = TimeSpan.FromSeconds(5) };
        configure?.Invoke(options);
        var worker = new Worker(OpenClient(configure: shared), new TaskRegistry([.. Tasks.Where(knows ?? (task => Client.State is not null || !LimitTasks.NeedsState(task)))]), options, Options(configure: shared), services);
        var stop = new CancellationTokenSource();
        var run = worker.RunAsync(stop.Token);
        _workers.Add((worker, run, stop));
        await Task.WhenAny(worker.Ready, run).WaitAsync(Patience);
        if (run.IsCompleted)
        {
            await run;
        }
        return worker;
    }

    /// <summary>Stops a worker and waits until it has ended.</summary>
    public Task StopWorkerAsync(Worker worker)
    {
        var (_, run, stop) = _workers.Single(entry => entry.Worker == worker);
        // On this thread: when the call returns its task, the worker has the signal and begins nothing any more.
        stop.Cancel();
        return run.WaitAsync(Patience + Patience);
    }

    /// <summary>Stops every worker, closes every client, then calls <see cref="CleanUpAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var (_, run, stop) in _workers)
        {
            await stop.CancelAsync();
            await run.WaitAsync(TimeSpan.FromSeconds(30));
            stop.Dispose();
        }
        foreach (var opened in Enumerable.Reverse(_opened))
        {
            await opened.DisposeAsync();
        }
        foreach (var folder in _folders)
        {
            foreach (var file in Directory.EnumerateFiles(Path.GetTempPath(), Path.GetFileName(folder) + "*"))
            {
                File.Delete(file);
            }
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>The path of a folder that does not exist yet; deleted with the harness, like every file whose path begins with it.</summary>
    public string NewFolder()
    {
        var path = Path.Combine(Path.GetTempPath(), $"celeriac-{Guid.NewGuid():N}");
        _folders.Add(path);
        return path;
    }

    /// <summary>The tasks that workers know; default those of the suite.</summary>
    protected virtual IReadOnlyList<TaskDefinition> Tasks => CeleriacTasks.All;

    /// <summary>Deletes what the place has left behind.</summary>
    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    private CeleriacOptions Options(string? brokerUrl = null, Action<CeleriacOptions>? configure = null)
    {
        var options = new CeleriacOptions { BrokerUrl = brokerUrl ?? BrokerUrl, ResultBackend = ResultBackend, ResultPersistent = ResultPersistent, DefaultQueue = Queue, MaxBodyBytes = 1 << 20, MaxResultBytes = 1 << 19 };
        configure?.Invoke(options);
        return options;
    }
}
