namespace Celeriac;

/// <summary>How a worker works.</summary>
public sealed class WorkerOptions
{
    private int? _concurrency;

    /// <summary>The queues to consume; Celery's <c>-Q</c>. Default all <see cref="CeleriacOptions.TaskQueues"/>, or the client's default queue where there are none.</summary>
    public IList<string> Queues { get; set; } = [];

    /// <summary>Queues not to consume, of those that would be; Celery's <c>-X</c>.</summary>
    public IList<string> ExcludeQueues { get; set; } = [];

    /// <summary>Where tasks run; Celery's <c>-P</c> and <c>worker_pool</c>. Default <see cref="WorkerPool.Threads"/>.</summary>
    public WorkerPool Pool { get; set; }

    /// <summary>
    /// How many tasks run at once; Celery's <c>-c</c>. Default the larger of 64 and 8 for each core; with <see cref="WorkerPool.Processes"/> one process for each core;
    /// with <see cref="WorkerPool.Solo"/> always 1.
    /// </summary>
    public int Concurrency
    {
        get => Pool is WorkerPool.Solo ? 1 : _concurrency ?? (Pool is WorkerPool.Processes ? Environment.ProcessorCount : Math.Max(64, 8 * Environment.ProcessorCount));
        set => _concurrency = value;
    }

    /// <summary>After how many runs a child process is replaced by a fresh one; Celery's <c>--max-tasks-per-child</c>. Default 0: never. Only with <see cref="WorkerPool.Processes"/>.</summary>
    public int MaxTasksPerChild { get; set; }

    /// <summary>
    /// How much memory, in KiB resident, a child process may hold after a run before it is replaced; Celery's <c>--max-memory-per-child</c>. Default 0: as much as it likes.
    /// A child that does nothing holds about 60,000. Only with <see cref="WorkerPool.Processes"/>.
    /// </summary>
    public int MaxMemoryPerChild { get; set; }

    /// <summary>Run a task again when its child process dies; Celery's <c>task_reject_on_worker_lost</c>. Default false. A task's own setting wins: see <see cref="TaskAttribute.RejectOnWorkerLost"/>.</summary>
    public bool RejectOnWorkerLost { get; set; }

    /// <summary>How many of them may be synchronous, each on a thread of its own. Default 4 for each core.</summary>
    public int SynchronousConcurrency { get; set; } = 4 * Environment.ProcessorCount;

    /// <summary>How many messages are fetched and not yet done; 0 (the default) fetches as many as there are free slots.</summary>
    public int Prefetch { get; set; }

    /// <summary>
    /// The same as a multiple of <see cref="Concurrency"/>; Celery's <c>worker_prefetch_multiplier</c>. Default 1: as many as there are free slots.
    /// A <see cref="Prefetch"/> above 0 wins.
    /// </summary>
    public int PrefetchMultiplier { get; set; } = 1;

    /// <summary>The node name; Celery's <c>-n</c>, with <c>%h</c> for the host, <c>%n</c> for the name and <c>%d</c> for the domain. Default <c>celeriac@%h</c>.</summary>
    public string NodeName { get; set; } = "celeriac@%h";

    /// <summary>Acknowledge after the outcome (the default) or before the run; Celery's <c>task_acks_late</c>. A task's own setting wins.</summary>
    public bool AcksLate { get; set; } = true;

    /// <summary>
    /// A message whose worker process has died or frozen this often while it held it is put into quarantine instead of being run again. Default 3; 0 never does.
    /// The last chance before is a run alone, from the queue <c>&lt;queue&gt;.suspects</c>. A broker that counts no deaths only tells that a message came back, which
    /// a lost connection and an orderly stop cause too: there every return from another process counts, and with 1 the first one leads to a run alone.
    /// </summary>
    public int MaxDeaths { get; set; } = 3;

    /// <summary>
    /// How long a message stays in quarantine (<c>quarantine_max_age</c>). Default 30 days; 0 keeps it for ever. Workers look once an hour and log each message that they remove.
    /// </summary>
    public TimeSpan QuarantineMaxAge { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// How many messages the quarantine of a queue may hold (<c>quarantine_max_count</c>); beyond, the oldest are removed, and each is logged. Default 10,000; 0 for no bound.
    /// Needs a broker that counts: RabbitMQ over STOMP does not, and ActiveMQ shows at most 400.
    /// </summary>
    public int QuarantineMaxCount { get; set; } = 10_000;

    /// <summary>
    /// After how long the places of a killed or frozen worker under <see cref="TaskAttribute.ConcurrencyLimit"/> come free; 1 second to 1 hour, default 30 seconds.
    /// A worker that lives renews them three times as often, all with one write.
    /// </summary>
    public TimeSpan ConcurrencyLease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The hard time limit of tasks that declare none themselves (Celery's <c>task_time_limit</c> and <c>--time-limit</c>): after it a run is abandoned, in a pool of processes
    /// its child killed. Default 0: no limit.
    /// </summary>
    public TimeSpan TimeLimit { get; set; }

    /// <summary>The soft time limit of tasks that declare none themselves (Celery's <c>task_soft_time_limit</c> and <c>--soft-time-limit</c>): after it a run's token fires. Default 0: no limit.</summary>
    public TimeSpan SoftTimeLimit { get; set; }

    /// <summary>Write the state STARTED; Celery's <c>task_track_started</c>. A task's own setting wins.</summary>
    public bool TrackStarted { get; set; }

    /// <summary>How long a stopping worker lets its tasks finish before it cancels them and gives their messages back. Default 25 seconds, inside the host's 30.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// How long a worker that is told to stop at once (SIGQUIT, a second Ctrl+C) still lets its tasks finish before it cancels them; Celery's
    /// <c>worker_soft_shutdown_timeout</c>. Default 0: they are cancelled at once.
    /// </summary>
    public TimeSpan SoftShutdownTimeout { get; set; }

    /// <summary>Wait that long although nothing runs; Celery's <c>worker_enable_soft_shutdown_on_idle</c>. Default false: what is reserved or scheduled goes back anyway.</summary>
    public bool EnableSoftShutdownOnIdle { get; set; }

    /// <summary>
    /// Let the number of tasks that run at once follow the work, between two bounds, in place of <see cref="Concurrency"/>; Celery's <c>--autoscale</c>. Default null: it is fixed.
    /// As many messages are fetched as the larger bound asks for.
    /// </summary>
    public AutoscaleBounds? Autoscale { get; set; }

    /// <summary>After how many tasks the worker stops warmly, so that its supervisor starts a fresh one. Default 0: never.</summary>
    public int MaxTasks { get; set; }

    /// <summary>
    /// Where the worker answers probes over HTTP: <c>8080</c> for a port of this machine alone, <c>0.0.0.0:8080</c> for all. It answers <c>GET /live</c>, <c>/ready</c> and <c>/lag</c>
    /// with 200 or 503. Default null: nowhere.
    /// </summary>
    public string? Probe { get; set; }

    /// <summary>How many messages may wait in one of the worker's queues before <c>/lag</c> answers 503. Default 10,000.</summary>
    public int LagLimit { get; set; } = 10_000;

    /// <summary>Answer remote control (the default), where the broker has fanout exchanges; Celery's <c>worker_enable_remote_control</c>.</summary>
    public bool EnableRemoteControl { get; set; } = true;

    /// <summary>
    /// The remote control commands that are obeyed: names of commands, <c>inspect</c> for all that only look, <c>control</c> for all that change something,
    /// <c>*</c> for all. Default <c>*</c>, as in Celery: whoever can publish to the broker can do as much by other means.
    /// </summary>
    public IList<string> ControlCommands { get; set; } = ["*"];

    /// <summary>Remote control commands of your own, by name. One with the name of a command of Celery's replaces it.</summary>
    public IDictionary<string, ControlCommandHandler> OwnControlCommands { get; } = new Dictionary<string, ControlCommandHandler>(StringComparer.Ordinal);

    /// <summary>Those of <see cref="OwnControlCommands"/> that only look. By handler, so that a command that is replaced loses the mark.</summary>
    internal HashSet<ControlCommandHandler> OwnInspectHandlers { get; } = [];

    /// <summary>Do not ask the other workers at start which tasks are revoked; Celery's <c>--without-mingle</c>.</summary>
    public bool WithoutMingle { get; set; }

    /// <summary>
    /// When to retry for the sake of an exception that is no <see cref="IRetryAfter"/>, for example a client library's "too many requests": how long to wait, or null for the
    /// task's own delay. Default none.
    /// </summary>
    public Func<Exception, TimeSpan?>? RetryAfter { get; set; }

    /// <summary>
    /// A file in which this worker keeps across restarts what is revoked, and its logical clock; Celery's <c>--statedb</c> and <c>worker_state_db</c>. <c>%n</c> is
    /// the node's name before the at sign, <c>%h</c> what is behind it, <c>%p</c> both. Default none: where there is shared state, revocations are kept there.
    /// </summary>
    public string? StateFile { get; set; }

    /// <summary>Send task events from the start; Celery's <c>-E</c> and <c>worker_send_task_events</c>. Default false: until <c>enable_events</c> asks for them.</summary>
    public bool SendTaskEvents { get; set; }

    /// <summary>Send no heartbeats and no other news of the worker itself; Celery's <c>--without-heartbeat</c>. Default false.</summary>
    public bool WithoutHeartbeat { get; set; }

    /// <summary>The time between two heartbeats; Celery's <c>--heartbeat-interval</c>. A worker that is silent for twice as long counts as gone. Default null: 2 seconds, and 10 on PostgreSQL.</summary>
    public TimeSpan? HeartbeatInterval { get; set; }

    /// <summary>The prefetch that follows from all of them.</summary>
    internal int MessagesAhead => MessagesAheadOf(Autoscale?.Maximum ?? Concurrency);

    internal int MessagesAheadOf(int concurrency) => Prefetch > 0 ? Prefetch : (int)Math.Min((long)concurrency * PrefetchMultiplier, 65_535);
}
