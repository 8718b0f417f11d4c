using Celeriac.Messaging;

namespace Celeriac;

/// <summary>A decoded invocation: what a task message asks for. See CELERY-PROTOCOL section 3.</summary>
public sealed record TaskRequest
{
    /// <summary>The task's id; the same for every retry.</summary>
    public required string Id { get; init; }
    /// <summary>The task's name.</summary>
    public required string Task { get; init; }
    /// <summary>The body, uncompressed: <c>[args, kwargs, embed]</c> as JSON.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }
    /// <summary>Where the array of positional arguments is in <see cref="Body"/>.</summary>
    public required JsonSlice Args { get; init; }
    /// <summary>Where the object of keyword arguments is in <see cref="Body"/>.</summary>
    public required JsonSlice Kwargs { get; init; }
    /// <summary>Where the object of callbacks, errbacks, chain and chord is in <see cref="Body"/>; length 0 where it is absent or null.</summary>
    public JsonSlice Embed { get; init; }
    /// <summary>Where the array of signatures to call on success is in <see cref="Body"/>; length 0 where there are none.</summary>
    public JsonSlice Callbacks { get; init; }
    /// <summary>Where the array of signatures to call on failure is in <see cref="Body"/>; length 0 where there are none.</summary>
    public JsonSlice Errbacks { get; init; }
    /// <summary>Where the rest of the chain is in <see cref="Body"/>, the next signature last; length 0 where nothing is left.</summary>
    public JsonSlice Chain { get; init; }
    /// <summary>Where the signature of the chord's body is in <see cref="Body"/>; length 0 where the task belongs to no chord.</summary>
    public JsonSlice Chord { get; init; }
    /// <summary>
    /// The message as received, for what is carried on unchanged. One of protocol 1, or with an object for a body, stands here in the form of protocol 2.
    /// </summary>
    public required Message Message { get; init; }

    /// <summary>How many retries came before.</summary>
    public int Retries { get; init; }
    /// <summary>Not before this time.</summary>
    public DateTimeOffset? Eta { get; init; }
    /// <summary>Not after this time.</summary>
    public DateTimeOffset? Expires { get; init; }
    /// <summary>The sender's hard time limit; wins over the task's own.</summary>
    public TimeSpan? TimeLimit { get; init; }
    /// <summary>The sender's soft time limit; wins over the task's own.</summary>
    public TimeSpan? SoftTimeLimit { get; init; }
    /// <summary>The first task of the whole workflow.</summary>
    public string? RootId { get; init; }
    /// <summary>The task that sent this one.</summary>
    public string? ParentId { get; init; }
    /// <summary>The group.</summary>
    public string? GroupId { get; init; }
    /// <summary>The place in the group.</summary>
    public int? GroupIndex { get; init; }
    /// <summary>The node that sent it.</summary>
    public string? Origin { get; init; }
    /// <summary>An alias for logs and monitors.</summary>
    public string? Shadow { get; init; }
    /// <summary>Where an rpc result goes; null or empty for nowhere.</summary>
    public string? ReplyTo { get; init; }
    /// <summary>The sender's correlation id.</summary>
    public string? CorrelationId { get; init; }
    /// <summary>The sender's wish; null leaves it to the task.</summary>
    public bool? IgnoreResult { get; init; }
    /// <summary>The routing key that the message came by; empty until a worker has admitted it.</summary>
    internal string RoutingKey { get; set; } = "";
    /// <summary>How often the message came back from a process that died or froze, as far as that is known; 0 until a worker has admitted it.</summary>
    internal int Deaths { get; set; }
    /// <summary>True once the task has used its checkpoint: then there may be one to delete.</summary>
    internal bool HasCheckpoint { get; set; }
    /// <summary>The positional arguments as a Python tuple, shortened, for humans.</summary>
    public string? ArgsRepr { get; init; }
    /// <summary>The keyword arguments as a Python dictionary, shortened, for humans.</summary>
    public string? KwargsRepr { get; init; }
}
