namespace Celeriac.SharedState;

/// <summary>A chord under way.</summary>
/// <param name="GroupId">The id of its header.</param>
/// <param name="Size">How many members there are.</param>
/// <param name="BodyId">The task whose result is the chord's.</param>
/// <param name="BodyTask">The name of the task that comes first when the members have ended.</param>
internal sealed record ChordHead(string GroupId, int Size, string BodyId, string BodyTask)
{
    /// <summary>The first task of the whole workflow.</summary>
    public string? RootId { get; init; }

    /// <summary>The members; empty where they are not read.</summary>
    public IReadOnlyList<ChordMember> Members { get; init; } = [];

    /// <summary>The body as JSON; empty where it is not read.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset Begun { get; init; }

    /// <summary>How many members had ended when a worker last saw a change.</summary>
    public int Seen { get; init; }

    /// <summary>When that was.</summary>
    public DateTimeOffset SeenAt { get; init; }
}

/// <summary>A member of a chord.</summary>
/// <param name="TaskId">Its id.</param>
/// <param name="Task">The name of the task.</param>
internal sealed record ChordMember(string TaskId, string Task);

/// <summary>How a member of a chord has ended.</summary>
/// <param name="Index">Its place in the header; null where the sender did not say.</param>
/// <param name="TaskId">Its id.</param>
/// <param name="Status">The final state.</param>
/// <param name="Result">JSON: the result, or the exception.</param>
internal sealed record ChordPart(int? Index, string TaskId, string Status, ReadOnlyMemory<byte> Result);

/// <summary>How a chord stands.</summary>
/// <param name="Ended">How many members have ended.</param>
/// <param name="Size">How many there are; null where nobody knows the chord, or not any more.</param>
internal readonly record struct ChordCount(int Ended, int? Size)
{
    public bool IsComplete => Ended == Size;
}
