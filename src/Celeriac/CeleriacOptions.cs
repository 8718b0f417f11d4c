using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;

namespace Celeriac;

/// <summary>What a client and its workers share.</summary>
public sealed class CeleriacOptions
{
    /// <summary>Where tasks go; Celery's <c>broker_url</c>. Default <c>sqlite://celeriac.db</c>.</summary>
    public string BrokerUrl { get; set; } = "sqlite://celeriac.db";

    /// <summary>
    /// Where results go; Celery's <c>result_backend</c>: a store's URL, <c>rpc://</c> for replies, or <c>disabled://</c>.
    /// Default: the broker's own store where it can store, else replies.
    /// </summary>
    public string? ResultBackend { get; set; }

    /// <summary>
    /// Where shared state is that unique tasks, revocations, limits across workers and checkpoints need: a store's URL. Default: beside the results where they are
    /// in a store (SQLite, Redis, memory), else in the broker where it is one, else none. All clients and workers of an app name the same.
    /// </summary>
    public string? StateStore { get; set; }

    /// <summary>The queue of tasks that name none; Celery's <c>task_default_queue</c>. Default <c>celery</c>.</summary>
    public string DefaultQueue { get; set; } = "celery";

    /// <summary>Which tasks go where; Celery's <c>task_routes</c>. Read once, when the client is made.</summary>
    public TaskRoutes TaskRoutes { get; } = new();

    /// <summary>
    /// The queues of tasks, where they need more than a name; Celery's <c>task_queues</c>. A worker that names no queues consumes all of them. Read once, when the client is made.
    /// </summary>
    public IList<TaskQueue> TaskQueues { get; } = [];

    /// <summary>
    /// True (the default) makes a queue that is not in <see cref="TaskQueues"/> when it is used first, with a direct exchange of its name; Celery's
    /// <c>task_create_missing_queues</c>. False refuses to send there: <see cref="QueueNotFoundException"/>.
    /// </summary>
    public bool CreateMissingQueues { get; set; } = true;

    /// <summary>Of which type such queues are on RabbitMQ; Celery's <c>task_create_missing_queue_type</c>. Default null: what the broker URL says, or classic.</summary>
    public QueueType? CreateMissingQueueType { get; set; }

    /// <summary>Of which type the default queue is on RabbitMQ, where <see cref="TaskQueues"/> says nothing of it; Celery's <c>task_default_queue_type</c>. Default null: what the broker URL says, or classic.</summary>
    public QueueType? DefaultQueueType { get; set; }

    /// <summary>The exchange of queues that name none; Celery's <c>task_default_exchange</c>. Default null: the name of the default queue.</summary>
    public string? DefaultExchange { get; set; }

    /// <summary>How that exchange routes; Celery's <c>task_default_exchange_type</c>. Default direct.</summary>
    public ExchangeType DefaultExchangeType { get; set; } = ExchangeType.Direct;

    /// <summary>The routing key of queues that name none; Celery's <c>task_default_routing_key</c>. Default null: the name of the default queue.</summary>
    public string? DefaultRoutingKey { get; set; }

    /// <summary>The priority of tasks for which neither the call nor the task nor a route says one; Celery's <c>task_default_priority</c>. Default null, which is 0.</summary>
    public byte? DefaultPriority { get; set; }

    /// <summary>The maximum priority of queues that say none; Celery's <c>task_queue_max_priority</c>. Default null: they do not order by priority.</summary>
    public byte? QueueMaxPriority { get; set; }

    /// <summary>A task sent by a running task has that one's priority where nobody says another; Celery's <c>task_inherit_parent_priority</c>. Default false.</summary>
    public bool InheritParentPriority { get; set; }

    /// <summary>How long results are kept; Celery's <c>result_expires</c>. Default one day; zero keeps them for ever.</summary>
    public TimeSpan ResultExpires { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// How long a chord waits for the next of its members to end; setting <c>chord_deadline</c>. Default one day. Then its body fails: a member whose message was lost, or
    /// whose queue nobody consumes, would leave the chord waiting for ever.
    /// </summary>
    public TimeSpan ChordDeadline { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Whether a worker's replies (<c>rpc://</c>) survive a restart of the broker; Celery's <c>result_persistent</c>, which is false there. Default true: the task is acknowledged
    /// when the broker has its result on disk. False is faster, because RabbitMQ gets reply and acknowledgement in one write, and costs those who wait during a restart their results.
    /// </summary>
    public bool ResultPersistent { get; set; } = true;

    /// <summary>
    /// Whether a record also tells the task's name, arguments, worker, retries, routing key and stamps; Celery's <c>result_extended</c>. Default false:
    /// arguments may be large, and secret.
    /// </summary>
    public bool ResultExtended { get; set; }

    /// <summary>Largest body of a task message in bytes, also after decompression. Default 16 MiB.</summary>
    public int MaxBodyBytes { get; set; } = 16 << 20;

    /// <summary>
    /// Largest result of a task in bytes of JSON; setting <c>result_max_bytes</c>. Default 16 MiB. A task that returns more fails, and its record says so: brokers and
    /// result stores refuse what is too large for them, or stand still for everybody while they take it.
    /// </summary>
    public int MaxResultBytes { get; set; } = 16 << 20;

    /// <summary>How the arguments of tasks are sent where the call says nothing; Celery's <c>task_serializer</c>. Default <c>json</c>; others are in <see cref="Formats"/>.</summary>
    public string TaskSerializer { get; set; } = "json";

    /// <summary>Which content of task messages is read: short names or media types; Celery's <c>accept_content</c>. Default <c>json</c> alone. Pickle cannot be named.</summary>
    public IList<string> AcceptContent { get; set; } = ["json"];

    /// <summary>Formats beside json that <see cref="TaskSerializer"/> and <see cref="AcceptContent"/> may name. Packages add theirs, such as <c>UseYaml()</c> of Celeriac.Yaml.</summary>
    public IList<ContentFormat> Formats { get; } = [];

    /// <summary>
    /// How dates, decimals, UUIDs and bytes are written; null (the default) chooses nothing, which is <see cref="Celeriac.JsonTypes.Plain"/>. It counts for the
    /// process, for signatures made after the client: see <see cref="TaskJson.Use(Celeriac.JsonTypes)"/>.
    /// </summary>
    public JsonTypes? JsonTypes { get; set; }

    /// <summary>What is around the sending of tasks, the first outermost. Read once, when the client is made.</summary>
    public IList<ISendFilter> SendFilters { get; } = [];

    /// <summary>Send an event for each task that is sent; Celery's <c>task_send_sent_event</c>. Default false.</summary>
    public bool SendSentEvent { get; set; }

    /// <summary>The topic exchange that carries events; Celery's <c>event_exchange</c>. Default <c>celeryev</c>. Alike in the whole fleet and its monitors.</summary>
    public string EventExchange { get; set; } = "celeryev";
}
