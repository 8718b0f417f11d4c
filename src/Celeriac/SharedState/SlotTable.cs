using System.Text;
using Celeriac.Messaging;

namespace Celeriac.SharedState;

/// <summary>What a look at the places under a concurrency limit led to.</summary>
/// <param name="Taken">The places that were taken, of those asked for.</param>
/// <param name="Owners">The keys of everybody who holds one.</param>
internal sealed record SlotAnswer(IReadOnlyList<string> Taken, IReadOnlyList<string> Owners);

/// <summary>
/// The places under a concurrency limit that all workers share: a list of who holds one, a line each: the owner's key and a number. A place counts while
/// its owner's key is there, which a living worker renews, and every place is one of its own: taking it away, or giving it back, twice does nothing.
/// </summary>
internal static class SlotTable
{
    public const string Kind = "slots";

    /// <summary>The kind of the owners' keys.</summary>
    public const string OwnerKind = "slot-owner";

    // Longer than a run; a table that nobody cleans up, because all of its workers died, goes by itself.
    private static readonly TimeSpan s_lifetime = TimeSpan.FromDays(30);

    /// <summary>Gives places back, takes away those of the dead, and takes as many as are free.</summary>
    /// <param name="updates">The store.</param>
    /// <param name="key">The table.</param>
    /// <param name="change">What is asked for.</param>
    /// <param name="cancellationToken">Ends the wait; the change may be made. Asked again with the same places it does no harm.</param>
    public static ValueTask<SlotAnswer> ChangeAsync(StateUpdates updates, string key, SlotChange change, CancellationToken cancellationToken) =>
        updates.ChangeAsync([key, change.Owner], reading => Decide(reading, key, change), cancellationToken);

    /// <summary>Those of the owners that no longer renew.</summary>
    public static async ValueTask<IReadOnlyList<string>> FindDeadAsync(StateUpdates updates, IEnumerable<string> owners, CancellationToken cancellationToken)
    {
        string[] keys = [.. owners.Distinct(StringComparer.Ordinal).Take(1000)];
        if (keys.Length == 0)
        {
            return [];
        }
        var living = (await updates.Store.ReadAsync(keys, cancellationToken).ConfigureAwait(false)).Entries.Select(entry => entry.Key);
        return [.. keys.Except(living, StringComparer.Ordinal)];
    }

    /// <summary>Renews all that an owner holds.</summary>
    public static async ValueTask RenewAsync(StateUpdates updates, string owner, TimeSpan lease, CancellationToken cancellationToken) =>
        await updates.Store.TryWriteAsync([Living(owner, lease)], cancellationToken).ConfigureAwait(false);

    private static StateDecision<SlotAnswer> Decide(StateReading reading, string key, SlotChange change)
    {
        var entry = reading.Find(key);
        var before = entry is null ? [] : Encoding.UTF8.GetString(entry.Content.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var held = before.Where(place => !change.Released.Contains(place) && !change.Dead.Contains(OwnerOf(place))).ToList();
        var taken = new List<string>();
        foreach (var place in change.Wanted)
        {
            // One that stands there already was taken by a try whose answer was lost.
            if (held.Contains(place))
            {
                taken.Add(place);
            }
            else if (held.Count < change.Limit)
            {
                held.Add(place);
                taken.Add(place);
            }
        }
        var answer = new SlotAnswer(taken, [.. held.Select(OwnerOf)]);
        return new StateDecision<SlotAnswer>(answer, held.SequenceEqual(before) ? [] : Changes(key, entry?.Version ?? 0, held, taken.Count > 0 ? change : null));
    }

    private static StateChange[] Changes(string key, long version, List<string> held, SlotChange? taking)
    {
        var table = held.Count == 0
            ? new StateChange(key, null) { ExpectedVersion = version }
            : new StateChange(key, Encoding.UTF8.GetBytes(string.Join('\n', held))) { ExpectedVersion = version, Lifetime = s_lifetime };
        // Together with the place: nobody may meet a place whose owner does not live yet.
        return taking is null ? [table] : [table, Living(taking.Owner, taking.Lease)];
    }

    private static StateChange Living(string owner, TimeSpan lease) => new(owner, "1"u8.ToArray()) { Lifetime = lease };

    private static string OwnerOf(string place) => place[..Math.Max(0, place.IndexOf(' ', StringComparison.Ordinal))];
}

/// <summary>A change of the places under a concurrency limit.</summary>
/// <param name="Owner">The key of who asks.</param>
/// <param name="Limit">How many places there are.</param>
/// <param name="Lease">How long the owner's places last without renewal.</param>
internal sealed record SlotChange(string Owner, int Limit, TimeSpan Lease)
{
    /// <summary>The places that are wanted: new ones, each an owner's key, a blank and a number.</summary>
    public IReadOnlyList<string> Wanted { get; init; } = [];

    /// <summary>The places that are given back.</summary>
    public IReadOnlyCollection<string> Released { get; init; } = [];

    /// <summary>The owners whose places are taken away.</summary>
    public IReadOnlyCollection<string> Dead { get; init; } = [];
}
