namespace Celeriac;

/// <summary>What a result store keeps of a task; Celery's record. See CELERY-PROTOCOL section 12.2.</summary>
public sealed record ResultRecord
{
    internal static ReadOnlyMemory<byte> Unknown { get; } = "null"u8.ToArray();
    private static readonly ReadOnlyMemory<byte> s_none = "[]"u8.ToArray();

    /// <summary>The task's id.</summary>
    public required string TaskId { get; init; }
    /// <summary>The state: one of <see cref="TaskStates"/>, or one of the task's own.</summary>
    public required string Status { get; init; }
    /// <summary>JSON: the result; in the exception states the exception, see <see cref="TaskStates.IsException"/>; in a state of the task's own what it told. Default <c>null</c>.</summary>
    public ReadOnlyMemory<byte> Result { get; init; } = Unknown;
    /// <summary>Where a failed run failed, as text.</summary>
    public string? Traceback { get; init; }
    /// <summary>JSON: the array of the tasks that this one sent, as Celery's result tuples; <c>null</c> where it is unknown. Default <c>[]</c>.</summary>
    public ReadOnlyMemory<byte> Children { get; init; } = s_none;
    /// <summary>When the task ended; null before.</summary>
    public DateTimeOffset? DateDone { get; init; }
    /// <summary>The group it belongs to.</summary>
    public string? GroupId { get; init; }
    /// <summary>The task that sent it.</summary>
    public string? ParentId { get; init; }

    /// <summary>The task's name. This and what follows is written only by extended results.</summary>
    public string? Name { get; init; }
    /// <summary>The node that ran it.</summary>
    public string? Worker { get; init; }
    /// <summary>How many retries came before.</summary>
    public int? Retries { get; init; }
    /// <summary>The routing key it came by.</summary>
    public string? Queue { get; init; }
    /// <summary>JSON: the positional arguments; empty where they are not kept.</summary>
    public ReadOnlyMemory<byte> Args { get; init; }
    /// <summary>JSON: the keyword arguments; empty where they are not kept.</summary>
    public ReadOnlyMemory<byte> Kwargs { get; init; }
    /// <summary>The names of the task's stamps.</summary>
    public IReadOnlyList<string> StampedHeaders { get; init; } = [];
    /// <summary>JSON: an object of the stamps by name; empty where there are none. In the store each is a member of the record.</summary>
    public ReadOnlyMemory<byte> Stamps { get; init; }

    /// <summary>How far the task is, in state PROGRESS; null in every other, and where the record has no number <c>current</c>.</summary>
    public TaskProgress? Progress => Status == TaskProgress.State ? TaskProgress.Read(Result) : null;
}
