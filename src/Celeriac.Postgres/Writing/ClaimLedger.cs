using System.Collections.Concurrent;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;

namespace Celeriac.Postgres.Writing;

/// <summary>
/// What the holders of this process have been given. A take whose answer was lost with a connection may have claimed messages that nobody
/// knows of: the holder's next take first gives back whatever is not in this ledger.
/// </summary>
internal sealed class ClaimLedger
{
    private readonly ConcurrentDictionary<long, HashSet<long>> _held = new();
    private readonly HashSet<long> _doubtful = [];

    /// <summary>What the holder is known to hold, where a take of it is in doubt; else null.</summary>
    public long[]? KnownIfDoubtful(long holder) => _doubtful.Contains(holder) ? [.. Of(holder)] : null;

    /// <summary>The takes were sent and not answered.</summary>
    public void Doubt(IEnumerable<long> holders) => _doubtful.UnionWith(holders);

    /// <summary>A take was answered.</summary>
    public void Add(TakeRequest request, TakeAnswer answer)
    {
        _doubtful.Remove(request.Holder);
        Of(request.Holder).UnionWith(answer.Messages.Select(message => message.Claim.Tag));
    }

    /// <summary>A claim has ended, or was lost.</summary>
    public void Remove(DeliveryClaim claim)
    {
        if (_held.TryGetValue(claim.Holder, out var held))
        {
            held.Remove(claim.Tag);
        }
    }

    /// <summary>A holder has left.</summary>
    public void Forget(long holder) => _held.TryRemove(holder, out _);

    private HashSet<long> Of(long holder) => _held.GetOrAdd(holder, _ => []);
}
