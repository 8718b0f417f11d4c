using Celeriac.Messaging;

namespace Celeriac.Working;

/// <summary>Where a task stands that this worker holds.</summary>
internal enum TaskStage
{
    /// <summary>Received; it waits for a slot or for its rate limit.</summary>
    Reserved,
    /// <summary>It waits here for its eta.</summary>
    Scheduled,
    /// <summary>It runs.</summary>
    Active,
}

/// <summary>
/// A task that was received and may run, and how far it is. Remote control looks at it from another thread. It is its own lock: nobody outside this project sees it, and
/// there is one for each message.
/// </summary>
internal sealed class AdmittedTask(Delivery delivery, TaskRequest request, TaskRuntime runtime) : ICancelledRun
{
    private int _stage;
    private int _acknowledged;
    private long _startedAt;
    private CancellationTokenSource? _ending;
    private CancellationToken _stopping;
    private bool _isEnded;
    private int _claimed;
    private Action? _release;
    private bool _isReleased;

    public Delivery Delivery { get; } = delivery;

    public TaskRequest Request { get; } = request;

    public TaskRuntime Runtime { get; } = runtime;

    public TaskDefinition Definition => Runtime.Definition;

    /// <summary>True where nobody wants the result.</summary>
    public bool IgnoresResult => Request.IgnoreResult ?? Definition.Options.IgnoreResult;

    /// <summary>True where the message is acknowledged after the outcome.</summary>
    public required bool AcksLate { get; init; }

    /// <summary>What comes after it, for one that is completed before its worker does so; null in a process of the pool.</summary>
    public Following? Following { get; init; }

    /// <summary>Its result where it has completed itself in a transaction, should that be committed.</summary>
    public ReadOnlyMemory<byte> CompletedAs { get; set; }

    /// <summary>True where it may have killed a worker and runs alone.</summary>
    public bool RunsAlone { get; } = Suspects.IsSuspects(delivery.Queue);

    /// <summary>Whose delivery it is.</summary>
    public IntakeSubscription? Source { get; set; }

    /// <summary>Where its time is further away than a worker waits: its time. It goes back into the broker.</summary>
    public DateTimeOffset? DeferredUntil { get; set; }

    public TaskStage Stage
    {
        get => (TaskStage)Volatile.Read(ref _stage);
        set => Volatile.Write(ref _stage, (int)value);
    }

    /// <summary>True once the message is acknowledged.</summary>
    public bool IsAcknowledged
    {
        get => Volatile.Read(ref _acknowledged) != 0;
        set => Volatile.Write(ref _acknowledged, value ? 1 : 0);
    }

    /// <summary>When the run began; null before.</summary>
    public DateTimeOffset? StartedAt => Interlocked.Read(ref _startedAt) is var ticks and > 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>What the run threw, for those who look on; null where it has returned or was abandoned.</summary>
    public Exception? Error { get; set; }

    /// <summary>The process that runs it; 0 before.</summary>
    public int ProcessId { get; set; }

    /// <summary>The signal that a <c>terminate</c> has named; null where nobody has asked for an end.</summary>
    public string? TerminatedBy { get; private set; }

    /// <summary>True once the hard time limit has passed.</summary>
    public bool IsOutOfTime { get; set; }

    /// <summary>Why the broker has taken the message back while this worker had it; null where it has not.</summary>
    public string? TakenBackBecause { get; private set; }

    /// <inheritdoc/>
    public CancellationReason Reason => IsOutOfTime ? CancellationReason.TimeLimit
        : TerminatedBy is not null ? CancellationReason.Terminated
        : TakenBackBecause is not null ? CancellationReason.TakenBack
        : _stopping.IsCancellationRequested ? CancellationReason.Shutdown
        : CancellationReason.SoftTimeLimit;

    /// <summary>The clock's timestamp when it was received.</summary>
    public long ReceivedAt { get; set; }

    /// <summary>True once the log was told that the broker is about to take it back.</summary>
    public bool IsWarnedOf { get; set; }

    /// <summary>True for the first who asks: he alone runs the task or gives it back.</summary>
    public bool TryClaim() => Interlocked.Exchange(ref _claimed, 1) == 0;

    /// <summary>Keeps what is given back once the task is done, or at once where it is done already.</summary>
    public void Hold(Action release)
    {
        lock (this)
        {
            if (!_isReleased)
            {
                _release += release;
                return;
            }
        }
        release();
    }

    /// <summary>The task is done or given back: so is what it held.</summary>
    public void Release()
    {
        Action? release;
        lock (this)
        {
            _isReleased = true;
            (release, _release) = (_release, null);
        }
        release?.Invoke();
    }

    public void Start(DateTimeOffset now)
    {
        Interlocked.Exchange(ref _startedAt, now.UtcTicks);
        Stage = TaskStage.Active;
    }

    /// <summary>The run's own token source, from its start to its end, and the worker's, which fires it too.</summary>
    public void Begin(CancellationTokenSource ending, CancellationToken stopping = default)
    {
        lock (this)
        {
            _ending = ending;
            _stopping = stopping;
        }
        if (TerminatedBy is not null || TakenBackBecause is not null)
        {
            ending.Cancel();
        }
    }

    /// <summary>True from the start of the run until its end.</summary>
    public bool IsRunning
    {
        get
        {
            lock (this)
            {
                return _ending is not null && !_isEnded;
            }
        }
    }

    public void End()
    {
        lock (this)
        {
            _isEnded = true;
            _ending = null;
        }
    }

    /// <summary>Asks the run to end: its token fires. Answers false where it has ended.</summary>
    public bool Terminate(string signal)
    {
        CancellationTokenSource? ending;
        lock (this)
        {
            if (_isEnded)
            {
                return false;
            }
            TerminatedBy ??= signal;
            ending = _ending;
        }
        _ = CancelAsync(ending);
        return true;
    }

    /// <summary>The broker has the message back: the run is for nothing, and its token fires.</summary>
    public void TakeBack(string reason)
    {
        CancellationTokenSource? ending;
        lock (this)
        {
            TakenBackBecause = reason;
            ending = _ending;
        }
        _ = CancelAsync(ending);
    }

    // The callbacks of the token are the task's own code: not on the thread of remote control.
    private static async Task CancelAsync(CancellationTokenSource? ending)
    {
        try
        {
            await (ending?.CancelAsync() ?? Task.CompletedTask).ConfigureAwait(false);
        }
        catch (Exception error) when (error is ObjectDisposedException or AggregateException)
        {
            // The run has ended meanwhile, or what the task has registered on its token threw.
        }
    }
}
