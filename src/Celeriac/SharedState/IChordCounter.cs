namespace Celeriac.SharedState;

/// <summary>
/// Counts the members of chords: each once, however often it ends. What keeps results in a form that Python counts in too implements it beside them (CELERY-PROTOCOL 13.2);
/// else it is shared state.
/// </summary>
internal interface IChordCounter
{
    /// <summary>True where Python counts too, so that messages must carry the bodies.</summary>
    bool IsShared { get; }

    /// <summary>A chord begins. Doing it again changes nothing.</summary>
    ValueTask BeginAsync(string groupId, int size, CancellationToken cancellationToken);

    /// <summary>A member has ended, or is told of again: the first counts.</summary>
    ValueTask<ChordCount> AddAsync(string groupId, ChordPart part, CancellationToken cancellationToken);

    /// <summary>A member more to wait for, whose id makes that happen once.</summary>
    ValueTask GrowAsync(string groupId, string taskId, CancellationToken cancellationToken);

    ValueTask<ChordCount> CountAsync(string groupId, CancellationToken cancellationToken);

    /// <summary>The members that have ended, in the order of their places.</summary>
    ValueTask<IReadOnlyList<ChordPart>> ReadAsync(string groupId, CancellationToken cancellationToken);

    /// <summary>The body is on its way: nothing of the chord is needed any more.</summary>
    ValueTask EndAsync(string groupId, CancellationToken cancellationToken);
}

/// <summary>A result store that counts chords in a form of its own.</summary>
internal interface IChordCounting
{
    IChordCounter Chords { get; }
}
