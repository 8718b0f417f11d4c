namespace Celeriac;

/// <summary>
/// Makes a method a task. The source generator writes a typed handle named after the method (<c>AddAsync</c> → <c>AddTask</c>) beside it.
/// The method stays an ordinary method that a unit test calls directly. Parameters of type <see cref="TaskContext"/> and
/// <see cref="CancellationToken"/> are injected and never travel.
/// </summary>
/// <param name="name">The name on the wire, for example <c>proj.tasks.add</c>; default <c>Namespace.Class.Method</c> without <c>Async</c>.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TaskAttribute(string? name = null) : Attribute
{
    /// <summary>The name on the wire; null for the default.</summary>
    public string? Name { get; } = name;

    /// <summary>The name of the generated handle; default the method's name without <c>Async</c>, plus <c>Task</c>.</summary>
    public string? Handle { get; set; }

    /// <summary>
    /// True sends the arguments by name, in Python's spelling (<c>orderId</c> as <c>order_id</c>), instead of by position: for a Python task with
    /// keyword-only parameters. A task in C# takes either. Not with a <c>params</c> parameter, which has no name to be sent by.
    /// </summary>
    public bool Keywords { get; set; }

    /// <summary>The queue its calls go to; default the client's default queue.</summary>
    public string? Queue { get; set; }

    /// <summary>How its arguments are sent, <c>json</c> or another of <see cref="CeleriacOptions.Formats"/>; default the client's <see cref="CeleriacOptions.TaskSerializer"/>.</summary>
    public string? Serializer { get; set; }

    /// <summary>0–255, higher first on queues with a maximum priority; default 0.</summary>
    public int Priority { get; set; }

    /// <summary>How many retries are allowed after the first run; −1 for no limit. Default 3, as in Celery.</summary>
    public int MaxRetries { get; set; } = 3;

    /// <summary>Exception types that are retried without the task asking for it (Celery's <c>autoretry_for</c>).</summary>
    public Type[] RetryOn { get; set; } = [];

    /// <summary>Exception types that are never retried automatically, even where <see cref="RetryOn"/> names a base of them.</summary>
    public Type[] DontRetryOn { get; set; } = [];

    /// <summary>Seconds before a retry; default 180, as in Celery. With <see cref="RetryBackoff"/> it is the factor, default 1, where <see cref="RetryBackoffFactor"/> says nothing.</summary>
    public double RetryDelay { get; set; } = 180;

    /// <summary>True doubles the delay with every automatic retry: 1, 2, 4 … seconds.</summary>
    public bool RetryBackoff { get; set; }

    /// <summary>The first delay of a back-off in seconds, which every retry doubles; Celery's <c>retry_backoff=5</c>. Giving it turns <see cref="RetryBackoff"/> on.</summary>
    public double RetryBackoffFactor { get; set; }

    /// <summary>The longest delay in seconds that back-off may reach; default 600, as in Celery.</summary>
    public double RetryBackoffMax { get; set; } = 600;

    /// <summary>True (the default) takes a random delay between 0 and the one computed, so that retries do not come in step. Only with <see cref="RetryBackoff"/>.</summary>
    public bool RetryJitter { get; set; } = true;

    /// <summary>True (the default) acknowledges after the outcome is applied: at least once. False acknowledges before the run, as Celery does by default: at most once.</summary>
    public bool AcksLate { get; set; } = true;

    /// <summary>
    /// True runs the task again when its child process dies, instead of letting it fail with <c>WorkerLostError</c>; Celery's <c>reject_on_worker_lost</c>. After
    /// <see cref="WorkerOptions.MaxDeaths"/> of them the message is put into quarantine. Counts with <see cref="WorkerPool.Processes"/> and late acknowledgement. Default false.
    /// </summary>
    public bool RejectOnWorkerLost { get; set; }

    /// <summary>True writes no result on success.</summary>
    public bool IgnoreResult { get; set; }

    /// <summary>True writes the state STARTED when a run begins.</summary>
    public bool TrackStarted { get; set; }

    /// <summary>False tells no monitor of its runs, also where the worker sends task events; Celery's <c>send_events</c>. Default true.</summary>
    public bool SendEvents { get; set; } = true;

    /// <summary>Seconds after which the cancellation token fires and the run, if it stops, fails with <c>SoftTimeLimitExceeded</c>; 0 for none.</summary>
    public double SoftTimeLimit { get; set; }

    /// <summary>Seconds after which the run is abandoned and fails with <c>TimeLimitExceeded</c>; 0 for none.</summary>
    public double TimeLimit { get; set; }

    /// <summary>
    /// Sends a call only where no equal one is under way: the second caller gets the first one's id (<see cref="AsyncResult.IsDuplicate"/>). Equal are calls of
    /// the task with the same arguments, or with the same ones named in <see cref="UniqueBy"/>. Needs shared state (<see cref="CeleriacOptions.StateStore"/>).
    /// </summary>
    public UniqueUntil Unique { get; set; }

    /// <summary>
    /// Seconds after which a unique task counts as lost and may be sent again, from when it is due or, with <see cref="UniqueUntil.Finished"/>, from its last start
    /// or retry; default 3600. Give more than a task waits in its queue and, with <see cref="UniqueUntil.Finished"/>, than a run takes.
    /// </summary>
    public double UniqueFor { get; set; } = 3600;

    /// <summary>The parameters whose values make calls equal; none (the default) for all.</summary>
    public string[] UniqueBy { get; set; } = [];

    /// <summary>
    /// How often runs may begin in each worker, as Celery writes it: <c>10/s</c>, <c>10/m</c>, <c>10/h</c>; null (the default) for no limit.
    /// What comes faster waits in the worker without taking a slot. The control command <c>rate_limit</c> changes it while workers run.
    /// </summary>
    public string? RateLimit { get; set; }

    /// <summary>
    /// Whether each worker counts for itself (the default), or all together: then <see cref="RateLimit"/> is the rate of the whole cluster, which needs shared
    /// state (<see cref="CeleriacOptions.StateStore"/>). What has to wait for long goes back into the broker until its turn.
    /// </summary>
    public LimitScope RateLimitScope { get; set; }

    /// <summary>The parameters whose values have a rate of their own each, for example the tenant; none (the default) for one rate of the task. Only with <see cref="LimitScope.Cluster"/>.</summary>
    public string[] RateLimitBy { get; set; } = [];

    /// <summary>
    /// How many runs of the task there may be at once in the whole cluster, 1–1000; 0 (the default) for no limit. Needs shared state
    /// (<see cref="CeleriacOptions.StateStore"/>). The places of a killed worker come free after <see cref="WorkerOptions.ConcurrencyLease"/>.
    /// </summary>
    public int ConcurrencyLimit { get; set; }

    /// <summary>The parameters whose values have a <see cref="ConcurrencyLimit"/> of their own each, for example the tenant; none (the default) for one of the task.</summary>
    public string[] ConcurrencyBy { get; set; } = [];

    /// <summary>
    /// A class whose methods are called before a run starts, when it succeeds, fails or is to be retried, and after it has ended. It must be an <see cref="ITaskHooks"/>;
    /// it is resolved from the services, or made with what its constructor needs of them.
    /// </summary>
    public Type? Hooks { get; set; }
}
