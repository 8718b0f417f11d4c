namespace Celeriac.SharedState;

/// <summary>A client's chords: what is known of each, and how many of its members have ended.</summary>
internal sealed class Chords(StateHome home, IChordCounter? results, TimeSpan deadline)
{
    // The longest life of a chord whose members go on ending: what the first of them have left must still be there then.
    private readonly TimeSpan _lifetime = deadline + TimeSpan.FromDays(30);
    private IChordCounter? _counter;
    private ChordHeads? _heads;

    /// <summary>How long a chord waits for its next member.</summary>
    public TimeSpan Deadline => deadline;

    /// <summary>True where there is shared state to count in.</summary>
    public bool IsPossible => home.Store is not null;

    /// <summary>True where bodies are kept in shared state, and messages need not carry them.</summary>
    public bool KeepsBodies => results is null or { IsShared: false };

    public IChordCounter Counter => results ?? (_counter ??= new StateChordCounter(home.Updates!, _lifetime));

    public ChordHeads Heads => _heads ??= new ChordHeads(home.Store!, _lifetime);

    /// <summary>This, for something that cannot do without.</summary>
    /// <exception cref="SharedStateException">There is no shared state.</exception>
    public Chords Require(string what)
    {
        home.Require(what);
        return this;
    }

    /// <summary>A chord begins: called before its first member is sent. Doing it again changes nothing.</summary>
    public async ValueTask BeginAsync(ChordHead head, CancellationToken cancellationToken)
    {
        await Heads.AddAsync(head, cancellationToken).ConfigureAwait(false);
        await Counter.BeginAsync(head.GroupId, head.Size, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The body is on its way, or has failed.</summary>
    public async ValueTask EndAsync(string groupId, CancellationToken cancellationToken)
    {
        await Counter.EndAsync(groupId, cancellationToken).ConfigureAwait(false);
        await Heads.DeleteAsync(groupId, cancellationToken).ConfigureAwait(false);
    }
}
