using Celeriac.Control;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Results;
using Celeriac.Sending;
using Celeriac.SharedState;
using Celeriac.Working;
using Celeriac.Working.Life;
using Celeriac.Working.Limits;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac;

/// <summary>
/// Consumes queues and runs tasks: one loop receives and admits, runners take from a line whose length the prefetch bounds.
/// </summary>
public sealed class Worker
{
    private readonly TaskClient _client;
    private readonly WorkerOptions _options;
    private readonly CeleriacOptions _shared;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly TaskOperations _operations;
    private readonly Receiving _receiving;
    private readonly TaskTurns _turns;
    private readonly Deferrals _deferrals;
    private readonly ChordSweeper _sweeper;
    private readonly DecodeLimits _limits;
    private readonly TaskPools _pools;
    private readonly IServiceProvider? _services;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action? _shutdown;
    private Action? _askSoft;

    /// <summary>Creates a worker.</summary>
    /// <param name="client">Where it receives, and what its tasks send with.</param>
    /// <param name="registry">The tasks it knows.</param>
    /// <param name="options">How it works.</param>
    /// <param name="shared">What it shares with the client.</param>
    /// <param name="services">Where instance tasks get their services; null for none.</param>
    /// <param name="logs">Where it logs.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">A task's limit cannot be read.</exception>
    /// <exception cref="QueueNotFoundException">A queue is not in <see cref="CeleriacOptions.TaskQueues"/>, and missing ones are not created.</exception>
    /// <exception cref="SharedStateException">A task has limits over all workers, and there is no shared state.</exception>
    public Worker(
        TaskClient client, TaskRegistry registry, WorkerOptions options, CeleriacOptions shared, IServiceProvider? services = null,
        ILoggerFactory? logs = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(shared);
        _client = client;
        _options = options;
        _shared = shared;
        _services = services;
        _time = time ?? TimeProvider.System;
        _log = (logs ?? NullLoggerFactory.Instance).CreateLogger("Celeriac.Worker");
        Node = NodeName.Expand(options.NodeName);
        _pools = new TaskPools(client, services, options, Node, _time, _log);
        var queues = client.Queues.Definitions.ForWorker((options.Queues.Count > 0 ? options.Queues.AsEnumerable() : client.Queues.Definitions.Consumed).Except(options.ExcludeQueues, StringComparer.Ordinal));
        var revocations = new Revocations(_time, client.State is null ? null : RevocationLog.Lifetime);
        State = new WorkerState(new TaskRuntimes(registry, _time, RunLimits.Of(options)), new Intake(client, Node, queues, options.MessagesAhead) { Subscribed = OnSubscribed }, _time)
        {
            Suspects = new Intake(client, Node, [], prefetch: 1),
            Events = client.Events.OfWorker(Node, options, () => Running, () => State!.Tasks.Started, _log),
            Revocations = revocations,
            Stuck = new StuckRuns(Node, _time, _log),
            Aside = new QuarantineKeeper(client, () => State!.Intake.Queues, options, _time, _log),
            Kept = new KeptRevocations(client.SharedState, revocations, Node, _time, _log),
        };
        State.Pauses = new QueuePauses(client.SharedState, State, (task, giveUp) => _turns!.GiveBackAsync(task, giveUp), Node, _time, _log);
        SharedLimits.Require(State.Tasks, client.SharedState);
        var records = new TaskRecords(shared.ResultExtended, Node);
        var following = new Following(client, registry, _time, _log);
        _sweeper = new ChordSweeper(client, following, _time, _log);
        var outcomes = new OutcomeHandler(client.Transport, client.Results, client.Queues, State.Events, Node, _time, _log)
        {
            Records = records,
            MaxResultBytes = shared.MaxResultBytes,
            Held = new HeldState(client.SharedState, _time, _log),
            Following = following,
            Counted = State.Tasks,
            Aside = State.Aside,
        };
        _deferrals = new Deferrals(outcomes);
        _operations = new TaskOperations(client.Results, State.Events) { Records = records, MaxResultBytes = shared.MaxResultBytes, Checkpoints = new RunCheckpoints(client.SharedState), Log = _log, Time = _time };
        Life = new WorkerLife(State, options, Node, client.Transport, _time, _log);
        Counters = State.Tasks.CountersOf(State.InHand);
        var telemetry = new RunTelemetry(client.Place, Node, _time);
        _limits = DecodeLimits.Default with { Contents = TaskContents.Of(shared).Accepted };
        var suspects = new Suspects(client, State.Intake, State.Suspects, _time);
        var suspicion = new Suspicion(suspects, State.InHand, outcomes, client.Transport, options, _log);
        var admission = new Admission(State.Tasks, suspicion, State.Revocations, outcomes, State.Events, options, _limits, client.Transport, Node, _time, _log);
        _receiving = new Receiving(State, admission, _deferrals, suspects, telemetry, options, Node, _time, _log);
        _turns = new TaskTurns(State, admission, outcomes, new OnceGuard(client, _time, _log), _operations, telemetry, Life, Shutdown, options, Node, _time, _log);
    }

    /// <summary>The node name.</summary>
    public string Node { get; }

    /// <summary>The queues it consumes now.</summary>
    public IReadOnlyList<string> Queues => State.Intake.Queues;

    /// <summary>What is around every run.</summary>
    public TaskFilters Filters { get; init; } = new();

    /// <summary>Ends when the worker first consumes.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Ends when the worker first listens to remote control, or it is clear that it will not.</summary>
    internal Task Listening => _listening.Task;

    /// <summary>How many tasks run now.</summary>
    public int Running => State.InHand.Active;

    /// <summary>What it has done and holds.</summary>
    public WorkerCounters Counters { get; }

    /// <summary>Whether it lives, consumes and keeps up.</summary>
    internal WorkerLife Life { get; }

    /// <summary>What remote control and events see of it.</summary>
    internal WorkerState State { get; }

    /// <summary>
    /// Works until <paramref name="stop"/> fires, then stops fetching, lets running tasks finish within the shutdown timeout and gives the rest back.
    /// </summary>
    /// <param name="stop">Stops gracefully (Celery's warm shutdown).</param>
    /// <param name="stopNow">Cancels running tasks without waiting for the shutdown timeout and gives their messages back (Celery's cold shutdown).</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken stopNow = default)
    {
        if (await ServePoolAsync().ConfigureAwait(false))
        {
            return;
        }
        using var stages = Life.CreateStages();
        using var probe = Life.OpenProbe();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stop, stopNow, stages.Soft);
        var limits = SharedLimits.Of(State, _client, Node, _options, _turns.DeferAsync, _time, _log);
        await using var limitsEnd = limits.ConfigureAwait(false);
        using var dispatch = new Dispatch(State.Tasks, limits, _time);
        using var alone = new AloneGate(_time);
        using var threads = new SynchronousThreads(_options.SynchronousConcurrency);
        using var cancelTasks = CancellationTokenSource.CreateLinkedTokenSource(stopNow);
        using var giveUp = new CancellationTokenSource();
        var pool = State.Pool = _pools.Create(_operations, threads, Filters, State.Stuck);
        await using var poolEnds = pool.ConfigureAwait(false);
        var bounds = new RunBounds(pool, alone, cancelTasks.Token, giveUp.Token, stopping.Token);
        State.Runners = new RunnerPool(dispatch, task => _turns.RunOrReturnAsync(task, bounds));
        pool.Resize(Life.InitialSize);
        State.Runners.Grow(Life.InitialSize);
        _shutdown = () => _ = stopping.CancelAsync();
        _askSoft = stages.AskSoft;
        using var gauges = new PoolGauges(Node, () => State.Runners.Size, () => Running);
        var kept = KeepStateAsync(giveUp.Token);
        var living = Life.RunAsync(probe, stopping.Token, giveUp.Token);
        var aside = State.Aside.WatchAsync(giveUp.Token);
        var control = ListenAsync(giveUp.Token);
        try
        {
            await Task.WhenAll(State.Kept.CatchUpAsync(stopping.Token), State.Pauses!.CatchUpAsync(stopping.Token)).ConfigureAwait(false);
            var suspects = _receiving.RunSuspectsAsync(dispatch, stopping.Token, giveUp.Token);
            await _receiving.RunAsync(State.Intake, dispatch, stopping.Token, giveUp.Token).ConfigureAwait(false);
            await suspects.ConfigureAwait(false);
        }
        finally
        {
            _turns.IsDraining = true;
            _shutdown = null;
            await dispatch.CloseAsync().ConfigureAwait(false);
            await DrainAsync(State.Runners, stages, cancelTasks, giveUp, stopNow).ConfigureAwait(false);
            await control.ConfigureAwait(false);
            await kept.ConfigureAwait(false);
            await aside.ConfigureAwait(false);
            State.Kept.Dispose();
            await living.ConfigureAwait(false);
            await State.Events.DisposeAsync().ConfigureAwait(false);
            Log.WorkerStopped(_log, Node);
        }
    }

    /// <inheritdoc cref="TaskPools.ServeAsync"/>
    internal Task<bool> ServePoolAsync() => _pools.ServeAsync(State.Tasks, _limits, Filters);

    /// <summary>Stops it as <c>stop</c> does: remote control's <c>shutdown</c>.</summary>
    internal void Shutdown() => _shutdown?.Invoke();

    /// <summary>Stops it as <c>stopNow</c> does, but lets its tasks run for the soft shutdown timeout first: SIGQUIT.</summary>
    internal void ShutdownSoftly() => _askSoft?.Invoke();

    /// <summary>What outlives the worker: revocations in shared state, and its own file where it has one.</summary>
    private Task KeepStateAsync(CancellationToken stop)
    {
        var following = Task.WhenAll(State.Kept.WatchAsync(stop), State.Pauses!.WatchAsync(stop), _sweeper.WatchAsync(stop));
        if (_options.StateFile is not { Length: > 0 } pattern)
        {
            return following;
        }
        var file = new StateFile(StateFile.PathOf(pattern, Node), State.Revocations, _client.Clock, _time, _log);
        file.Load();
        return Task.WhenAll(following, file.WatchAsync(stop));
    }

    /// <summary>Remote control, beside the tasks and until the last of them is done.</summary>
    private Task ListenAsync(CancellationToken stop)
    {
        if (!_options.EnableRemoteControl)
        {
            _listening.TrySetResult();
            return Task.CompletedTask;
        }
        var control = new ControlNode(new ControlledWorker(Node, State, _client, _options, _shared) { Shutdown = Shutdown, Services = _services, Time = _time, Log = _log });
        control.Listening.ContinueWith(_ => _listening.TrySetResult(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return Task.Run(() => control.RunAsync(stop), CancellationToken.None);
    }

    private void OnSubscribed(IReadOnlyList<string> queues)
    {
        Life.Health.Consumes();
        if (_ready.TrySetResult())
        {
            Log.WorkerReady(_log, Node, string.Join(", ", queues), State.Runners?.Size ?? _options.Concurrency, _client.Transport.Name);
            State.Events.Online();
        }
        else
        {
            Log.WorkerConsumesAnew(_log, Node, string.Join(", ", queues));
        }
    }

    private async Task DrainAsync(RunnerPool runners, ShutdownStages stages, CancellationTokenSource cancelTasks, CancellationTokenSource giveUp, CancellationToken stopNow)
    {
        Log.WorkerStopping(_log, Node, Running, _options.ShutdownTimeout);
        await State.Intake.CancelAsync().ConfigureAwait(false);
        await State.Suspects.CancelAsync().ConfigureAwait(false);
        var finished = Task.WhenAll(runners.Finished(), _deferrals.Finished());
        if (!await stages.FinishAsync(finished, stopNow).ConfigureAwait(false))
        {
            Log.WorkerCancels(_log, Node, Running);
            await cancelTasks.CancelAsync().ConfigureAwait(false);
            await stages.CleanUpAsync(finished).ConfigureAwait(false);
        }
        await giveUp.CancelAsync().ConfigureAwait(false);
        await State.Intake.DisposeAsync().ConfigureAwait(false);
        await State.Suspects.DisposeAsync().ConfigureAwait(false);
    }
}
