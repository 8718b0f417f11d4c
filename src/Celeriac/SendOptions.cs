using Celeriac.Messaging;

namespace Celeriac;

/// <summary>How a task is sent; Celery's <c>apply_async</c> options. What is null is left to the task's declaration and the client.</summary>
public sealed record SendOptions
{
    /// <summary>Nothing said.</summary>
    public static SendOptions None { get; } = new();

    /// <summary>Not before this much time has passed. It waits in the broker.</summary>
    public TimeSpan? Countdown { get; init; }
    /// <summary>Not before this time; wins over <see cref="Countdown"/>.</summary>
    public DateTimeOffset? Eta { get; init; }
    /// <summary>A task that is received later than this is not run; its state becomes REVOKED.</summary>
    public DateTimeOffset? Expires { get; init; }
    /// <summary>The queue.</summary>
    public string? Queue { get; init; }
    /// <summary>An exchange, with <see cref="RoutingKey"/>, instead of a queue.</summary>
    public string? Exchange { get; init; }
    /// <summary>The routing key on <see cref="Exchange"/>.</summary>
    public string? RoutingKey { get; init; }
    /// <summary>0–255, higher first on queues with a maximum priority.</summary>
    public byte? Priority { get; init; }
    /// <summary>An id of your own; default a new time-ordered UUID.</summary>
    public string? TaskId { get; init; }
    /// <summary>The hard time limit.</summary>
    public TimeSpan? TimeLimit { get; init; }
    /// <summary>The soft time limit.</summary>
    public TimeSpan? SoftTimeLimit { get; init; }
    /// <summary>True writes no result on success.</summary>
    public bool? IgnoreResult { get; init; }
    /// <summary>Whether an equal call that is under way keeps this one from being sent; default the task's own <see cref="TaskAttribute.Unique"/>. Needs shared state.</summary>
    public UniqueUntil? Unique { get; init; }
    /// <summary>After how long a unique task counts as lost and may be sent again; default the task's own <see cref="TaskAttribute.UniqueFor"/>.</summary>
    public TimeSpan? UniqueFor { get; init; }
    /// <summary>What makes calls of the task equal, for example a customer's number; default its arguments.</summary>
    public string? UniqueKey { get; init; }
    /// <summary>An alias for logs and monitors.</summary>
    public string? Shadow { get; init; }
    /// <summary>Headers of your own, beside Celery's.</summary>
    public MessageHeaders? Headers { get; init; }
    /// <summary>The names and values of stamps, which monitors show and which every retry carries on.</summary>
    public MessageHeaders? Stamps { get; init; }
    /// <summary>How the arguments are sent, <c>json</c> or another of <see cref="CeleriacOptions.Formats"/>; default the task's own, then the client's <see cref="CeleriacOptions.TaskSerializer"/>.</summary>
    public string? Serializer { get; init; }
    /// <summary>A compression method: <c>gzip</c> (zlib) or <c>brotli</c>.</summary>
    public string? Compression { get; init; }
    /// <summary>The first task of the workflow; default the running task's, else this one.</summary>
    public string? RootId { get; init; }
    /// <summary>The sending task; default the running one.</summary>
    public string? ParentId { get; init; }
    /// <summary>The group this task belongs to.</summary>
    public string? GroupId { get; init; }
    /// <summary>Its place in the group.</summary>
    public int? GroupIndex { get; init; }
    /// <summary>Where an rpc result goes.</summary>
    public string? ReplyTo { get; init; }
    /// <summary>What monitors show instead of the positional arguments.</summary>
    public string? ArgsRepr { get; init; }
    /// <summary>What monitors show instead of the keyword arguments.</summary>
    public string? KwargsRepr { get; init; }

    /// <summary>As Celery's <c>expires</c> in seconds: counted from the moment of sending, which for the next task of a chain comes later.</summary>
    internal TimeSpan? ExpiresIn { get; init; }

    /// <summary>
    /// The options of a signature that came from elsewhere, in their order: an empty value for those that are properties here, the JSON for the others, which are kept and written again.
    /// </summary>
    internal IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Wire { get; init; } = [];
}
