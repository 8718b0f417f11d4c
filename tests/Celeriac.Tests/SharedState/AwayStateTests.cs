using System.Collections.Concurrent;
using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Results;
using Celeriac.Tests.Control;
using Celeriac.Tests.Filters;

namespace Celeriac.Tests.SharedState;

/// <summary>The store of shared state goes away while workers work.</summary>
public sealed class AwayStateTests : IAsyncDisposable
{
    private const int Limit = 120_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly string _name = Guid.NewGuid().ToString("N");
    private readonly CancellationTokenSource _stop = new();
    private readonly LogLines _log = new();
    private readonly CeleriacOptions _options;
    private readonly TaskClient _client;
    private readonly List<Task> _runs = [];

    static AwayStateTests() => ResultStores.Add("switched", new SwitchedFactory());

    public AwayStateTests()
    {
        _options = new CeleriacOptions { BrokerUrl = $"memory://{_name}", StateStore = $"switched://{_name}" };
        _client = TaskClient.Open(_options);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private SwitchedState State => SwitchedState.Of(_name);

    private Gate Gate => ConformanceTasks.GateOf(_name);

    public async ValueTask DisposeAsync()
    {
        Gate.Open();
        State.IsAway = false;
        await _stop.CancelAsync();
        await Task.WhenAll(_runs);
        await _client.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>Only what has a limit over all workers waits, and its queue loses nothing.</summary>
    [Fact(Timeout = Limit)]
    public async Task Tasks_with_limits_wait_and_others_run_and_it_is_told_once_each_way()
    {
        await StartAsync();
        Gate.Open();
        State.IsAway = true;
        var narrow = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => _client.SendAsync(LimitTasks.NarrowTask.S(_name), Cancelled).AsTask()));
        var paced = await _client.SendAsync(LimitTasks.SlowPaceTask.S(_name, "acme"), Cancelled);
        var plain = await _client.SendAsync(ConformanceTasks.AddTask.S(1, 2), Cancelled);

        Assert.Equal(3, await plain.GetAsync(s_patience, Cancelled));
        Assert.Equal(0, Gate.Count);
        State.IsAway = false;
        foreach (var task in narrow)
        {
            await task.GetAsync(s_patience, Cancelled);
        }
        await paced.GetAsync(s_patience, Cancelled);
        Assert.Equal(7, Gate.Count);
        Assert.Single(_log.Lines, line => line.Id == 2190);
        Assert.Single(_log.Lines, line => line.Id == 2191);
    }

    [Fact(Timeout = Limit)]
    public async Task A_worker_that_stops_meanwhile_has_lost_nothing()
    {
        var (_, run, stop) = await StartAsync();
        State.IsAway = true;
        var sent = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _client.SendAsync(LimitTasks.NarrowTask.S(_name), Cancelled).AsTask()));
        await Fleet.UntilAsync(() => Task.FromResult(_log.Lines.Any(line => line.Id == 2190)));
        await stop.CancelAsync();
        QueueCounts? counts = null;
        await Fleet.UntilAsync(async () => (counts = await _client.Transport.CountAsync(_client.DefaultQueue, Cancelled)) is { Unacknowledged: 0 });
        Assert.Equal(4, counts!.Ready + counts.Delayed);

        // It says goodbye to the store for some seconds where that is away.
        State.IsAway = false;
        await run.WaitAsync(s_patience, Cancelled);
        Gate.Open();
        await StartAsync("next@test");
        foreach (var task in sent)
        {
            Assert.Equal("next@test", await task.GetAsync(s_patience, Cancelled));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_unique_call_is_refused_before_it_is_sent()
    {
        State.IsAway = true;
        await Assert.ThrowsAsync<TransportException>(async () => await _client.SendAsync(StateTasks.UniqueTask.S(_name, 1), Cancelled));
        Assert.True(await _client.Transport.CountAsync(_client.DefaultQueue, Cancelled) is null or { Ready: 0 });
        State.IsAway = false;
        Assert.False((await _client.SendAsync(StateTasks.UniqueTask.S(_name, 1), Cancelled)).IsDuplicate);
    }

    private async Task<(Worker Worker, Task Run, CancellationTokenSource Stop)> StartAsync(string node = "w@test")
    {
        var worker = new Worker(_client, new TaskRegistry(CeleriacTasks.All), new WorkerOptions { NodeName = node, Concurrency = 2, Prefetch = 4, WithoutMingle = true }, _options, null, _log);
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var run = worker.RunAsync(stop.Token);
        _runs.Add(run);
        await worker.Ready.WaitAsync(s_patience, Cancelled);
        return (worker, run, stop);
    }

    /// <summary>Answers nothing while it is away.</summary>
    private sealed class SwitchedState : IStateStore
    {
        private static readonly ConcurrentDictionary<string, SwitchedState> s_all = new(StringComparer.Ordinal);
        private readonly IStateStore _inner = new MemoryQueueStore(TimeProvider.System).State;
        private volatile bool _isAway;

        public bool IsAway
        {
            get => _isAway;
            set => _isAway = value;
        }

        public static SwitchedState Of(string name) => s_all.GetOrAdd(name, _ => new SwitchedState());

        public ValueTask<StateReading> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default) => Reached().ReadAsync(keys, cancellationToken);

        public ValueTask<StateAnswer> TryWriteAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken = default) => Reached().TryWriteAsync(changes, cancellationToken);

        public ValueTask<StateReading> ListAsync(string prefix, int limit, string? after = null, CancellationToken cancellationToken = default) => Reached().ListAsync(prefix, limit, after, cancellationToken);

        private IStateStore Reached() => IsAway ? throw new TransportException("The store is away.") : _inner;
    }

    private sealed class SwitchedFactory : IResultStoreFactory
    {
        public IResultStore Create(BrokerUrl url, ResultStoreContext context) => new StateOnly(SwitchedState.Of(url.Host));
    }

    private sealed class StateOnly(IStateStore state) : IResultStore
    {
        private readonly DisabledResultStore _results = new();

        public IStateStore? State { get; } = state;

        public ValueTask<string?> PrepareAsync(string taskId, CancellationToken cancellationToken = default) => _results.PrepareAsync(taskId, cancellationToken);

        public ValueTask<ResultRecord?> ReadAsync(string taskId, CancellationToken cancellationToken = default) => _results.ReadAsync(taskId, cancellationToken);

        public ValueTask<ResultRecord> WaitAsync(string taskId, CancellationToken cancellationToken = default) => _results.WaitAsync(taskId, cancellationToken);

        public ResultAttachment? Attach(ITransport transport, ResultRecord record, string? replyTo) => null;

        public ValueTask WriteAsync(ResultRecord record, string? replyTo, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public ValueTask ForgetAsync(string taskId, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
