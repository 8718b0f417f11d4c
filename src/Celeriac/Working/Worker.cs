using Celeriac.Control;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Results;
using Celeriac.Sending;
using Celeriac.SharedState;
using Celeriac.Working;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac;

/// <summary>
/// Consumes queues and runs tasks: one loop receives and admits, runners take from a line whose length the prefetch bounds.
/// </summary>
public sealed class Worker
{
    private static readonly TimeSpan s_firstReceiveDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestReceiveDelay = TimeSpan.FromSeconds(10);
    // What a cancelled task gets to clean up before its message goes back.
    private static readonly TimeSpan s_lastGrace = TimeSpan.FromSeconds(2);

    private readonly TaskClient _client;
    private readonly WorkerOptions _options;
    private readonly CeleriacOptions _shared;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly OutcomeHandler _outcomes;
    private readonly TaskOperations _operations;
    private readonly Admission _admission;
    private readonly Suspects _suspects;
    private readonly RunTelemetry _telemetry;
    private readonly DecodeLimits _limits;
    private readonly TaskPools _pools;
    private readonly IServiceProvider? _services;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action? _shutdown;
    private volatile bool _draining;

    /// <summary>Creates a worker.</summary>
    /// <param name="client">Where it receives, and what its tasks send with.</param>
    /// <param name="registry">The tasks it knows.</param>
    /// <param name="options">How it works.</param>
    /// <param name="shared">What it shares with the client.</param>
    /// <param name="services">Where instance tasks get their services; null for none.</param>
    /// <param name="logs">Where it logs.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">A task's rate limit cannot be read.</exception>
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
        string[] queues = options.Queues.Count > 0 ? [.. options.Queues.Distinct(StringComparer.Ordinal)] : [client.DefaultQueue];
        var revocations = new Revocations(_time, client.State is null ? null : RevocationLog.Lifetime);
        State = new WorkerState(new TaskRuntimes(registry, _time), new Intake(client, Node, queues, options.MessagesAhead) { Subscribed = OnSubscribed }, _time)
        {
            Suspects = new Intake(client, Node, [], prefetch: 1),
            Events = client.Events.OfWorker(Node, options, () => Running, () => State!.Tasks.Started, _log),
            Revocations = revocations,
            Kept = new KeptRevocations(client.SharedState, revocations, Node, _time, _log),
        };
        var records = new TaskRecords(shared.ResultExtended, Node);
        _outcomes = new OutcomeHandler(client.Transport, client.Results, client.Queues, State.Events, Node, _time, _log)
        {
            Records = records,
            MaxResultBytes = shared.MaxResultBytes,
            Held = new HeldState(client.SharedState, _time, _log),
            Following = new Following(client, registry, _time, _log),
        };
        _operations = new TaskOperations(client.Results, State.Events) { Records = records, MaxResultBytes = shared.MaxResultBytes, Checkpoints = new RunCheckpoints(client.SharedState), Log = _log, Time = _time };
        _telemetry = new RunTelemetry(client.Place, Node, _time);
        _limits = DecodeLimits.Default with { Contents = TaskContents.Of(shared).Accepted };
        _suspects = new Suspects(client, State.Intake, State.Suspects, _time);
        var suspicion = new Suspicion(_suspects, State.InHand, _outcomes, client.Transport, options, _log);
        _admission = new Admission(State.Tasks, suspicion, State.Revocations, _outcomes, State.Events, options, _limits, client.Transport, Node, _time, _log);
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
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stop, stopNow);
        using var dispatch = new Dispatch(State.Tasks, _time);
        using var alone = new AloneGate(_time);
        using var threads = new SynchronousThreads(_options.SynchronousConcurrency);
        using var cancelTasks = CancellationTokenSource.CreateLinkedTokenSource(stopNow);
        using var giveUp = new CancellationTokenSource();
        var pool = State.Pool = _pools.Create(_operations, threads, Filters);
        await using var poolEnds = pool.ConfigureAwait(false);
        Func<AdmittedTask, Task> run = task => RunOrReturnAsync(pool, task, cancelTasks.Token, giveUp.Token, stopping.Token);
        State.Runners = new RunnerPool(dispatch, task => RunInTurnAsync(alone, task, run, stopping.Token));
        pool.Resize(_options.Concurrency);
        State.Runners.Grow(_options.Concurrency);
        _shutdown = () => _ = stopping.CancelAsync();
        using var gauges = new PoolGauges(Node, () => State.Runners.Size, () => Running);
        var kept = KeepStateAsync(giveUp.Token);
        var control = ListenAsync(giveUp.Token);
        try
        {
            await State.Kept.CatchUpAsync(stopping.Token).ConfigureAwait(false);
            var suspects = ReceiveSuspectsAsync(dispatch, stopping.Token, giveUp.Token);
            await ReceiveAsync(State.Intake, dispatch, stopping.Token, giveUp.Token).ConfigureAwait(false);
            await suspects.ConfigureAwait(false);
        }
        finally
        {
            _draining = true;
            _shutdown = null;
            await dispatch.CloseAsync().ConfigureAwait(false);
            await DrainAsync(State.Runners, cancelTasks, giveUp, stopNow).ConfigureAwait(false);
            await control.ConfigureAwait(false);
            await kept.ConfigureAwait(false);
            State.Kept.Dispose();
            await State.Events.DisposeAsync().ConfigureAwait(false);
            Log.WorkerStopped(_log, Node);
        }
    }

    /// <inheritdoc cref="TaskPools.ServeAsync"/>
    internal Task<bool> ServePoolAsync() => _pools.ServeAsync(State.Tasks, _limits, Filters);

    /// <summary>Stops it as <c>stop</c> does: remote control's <c>shutdown</c>.</summary>
    internal void Shutdown() => _shutdown?.Invoke();

    /// <summary>What outlives the worker: revocations in shared state, and its own file where it has one.</summary>
    private Task KeepStateAsync(CancellationToken stop)
    {
        var following = State.Kept.WatchAsync(stop);
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

    /// <summary>Hop 5: pull, admit, hand to a runner.</summary>
    private async Task ReceiveAsync(Intake intake, Dispatch dispatch, CancellationToken stop, CancellationToken giveUp)
    {
        var delay = s_firstReceiveDelay;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (await intake.ReceiveAsync(stop).ConfigureAwait(false) is not { } received)
                {
                    return;
                }
                delay = s_firstReceiveDelay;
                _telemetry.Received(received.Delivery.Queue);
                if (await _admission.AdmitAsync(received.Delivery, giveUp).ConfigureAwait(false) is { } task)
                {
                    task.Source = received.Source;
                    State.InHand.Add(task);
                    dispatch.Accept(task);
                }
                else
                {
                    received.Source.Settled();
                }
            }
            catch (TransportException error)
            {
                Log.ReceiveFailed(_log, error, Node, delay);
                await Task.Delay(delay, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                delay = delay * 2 < s_longestReceiveDelay ? delay * 2 : s_longestReceiveDelay;
            }
        }
    }

    /// <summary>Messages that may have killed a worker come one at a time, beside the others.</summary>
    private async Task ReceiveSuspectsAsync(Dispatch dispatch, CancellationToken stop, CancellationToken giveUp)
    {
        // Where a first death is the last, nobody gets another chance.
        if (_options.MaxDeaths < 2)
        {
            return;
        }
        await Task.WhenAll(_suspects.WatchAsync(stop), Task.Run(() => ReceiveAsync(State.Suspects, dispatch, stop, giveUp), CancellationToken.None)).ConfigureAwait(false);
    }

    private void OnSubscribed(IReadOnlyList<string> queues)
    {
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

    private static async Task RunInTurnAsync(AloneGate gate, AdmittedTask task, Func<AdmittedTask, Task> run, CancellationToken stop)
    {
        if (task.RunsAlone)
        {
            await gate.RunAloneAsync(() => run(task), stop).ConfigureAwait(false);
            return;
        }
        await gate.EnterAsync(stop).ConfigureAwait(false);
        try
        {
            await run(task).ConfigureAwait(false);
        }
        finally
        {
            gate.Leave();
        }
    }

    private async Task RunOrReturnAsync(ITaskPool pool, AdmittedTask task, CancellationToken cancelTasks, CancellationToken giveUp, CancellationToken stop)
    {
        try
        {
            // From the signal on nothing is begun, even before the receive loop has noticed it.
            using var place = _draining || stop.IsCancellationRequested ? null : await pool.TakeAsync(stop).ConfigureAwait(false);
            if (place is null || _draining || stop.IsCancellationRequested)
            {
                await _outcomes.ReturnAsync(task, giveUp).ConfigureAwait(false);
            }
            else
            {
                await RunTaskAsync(place, task, cancelTasks, giveUp).ConfigureAwait(false);
            }
        }
        catch (Exception error)
        {
            // A fault of ours must not cost a runner: the message stays unacknowledged, and the broker hands it out again.
            Log.RunFailed(_log, error, task.Request.Task, task.Request.Id);
        }
        finally
        {
            State.InHand.Remove(task);
        }
    }

    /// <summary>Hops 6 to 8: run, decide, apply.</summary>
    private async ValueTask RunTaskAsync(ITaskPlace place, AdmittedTask task, CancellationToken cancelTasks, CancellationToken giveUp)
    {
        if (_admission.Refusal(task.Request) is { } refusal)
        {
            await _outcomes.ApplyAsync(task, refusal, [], TimeSpan.Zero, giveUp).ConfigureAwait(false);
            return;
        }
        await _outcomes.Held.StartedAsync(task.Request).ConfigureAwait(false);
        using var telemetry = _telemetry.Begin(task);
        task.ProcessId = place.ProcessId;
        State.InHand.Start(task, _time.GetUtcNow());
        if (task.Definition.Options.SendEvents)
        {
            State.Events.Started(task.Request);
        }
        if (!task.AcksLate)
        {
            await _outcomes.AcknowledgeEarlyAsync(task, giveUp).ConfigureAwait(false);
        }
        if (task.Definition.Options.TrackStarted ?? _options.TrackStarted)
        {
            await _operations.MarkStartedAsync(task.Request, place.ProcessId, Node, _log, giveUp).ConfigureAwait(false);
        }
        var running = new RunningTask(task.Request.Id, task.Request.RootId ?? task.Request.Id);
        var started = _time.GetTimestamp();
        var outcome = await place.RunAsync(task, running, cancelTasks).ConfigureAwait(false);
        var runtime = _time.GetElapsedTime(started);
        telemetry.End(outcome, runtime);
        await _outcomes.ApplyAsync(task, outcome, running.Children, runtime, giveUp).ConfigureAwait(false);
    }

    private async Task DrainAsync(RunnerPool runners, CancellationTokenSource cancelTasks, CancellationTokenSource giveUp, CancellationToken stopNow)
    {
        Log.WorkerStopping(_log, Node, Running, _options.ShutdownTimeout);
        await State.Intake.CancelAsync().ConfigureAwait(false);
        await State.Suspects.CancelAsync().ConfigureAwait(false);
        var finished = runners.Finished();
        if (!await EndsWithinAsync(finished, _options.ShutdownTimeout, stopNow).ConfigureAwait(false))
        {
            Log.WorkerCancels(_log, Node, Running);
            await cancelTasks.CancelAsync().ConfigureAwait(false);
            await EndsWithinAsync(finished, s_lastGrace, CancellationToken.None).ConfigureAwait(false);
        }
        await giveUp.CancelAsync().ConfigureAwait(false);
        await State.Intake.DisposeAsync().ConfigureAwait(false);
        await State.Suspects.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<bool> EndsWithinAsync(Task task, TimeSpan limit, CancellationToken stopNow)
    {
        try
        {
            await task.WaitAsync(limit, _time, stopNow).ConfigureAwait(false);
            return true;
        }
        catch (Exception error) when (error is TimeoutException || stopNow.IsCancellationRequested)
        {
            return false;
        }
    }
}
