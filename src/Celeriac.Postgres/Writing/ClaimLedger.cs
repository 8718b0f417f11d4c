using Celeriac.Messaging.Stores;

namespace Celeriac.Postgres.Writing;

/// <summary>
/// What the holders of this process have been given. A take whose answer was lost with a connection may have claimed messages that nobody
/// knows of: the holder's next take first gives back whatever is not in this ledger. Takes and commits write into it side by side.
/// </summary>
internal sealed class ClaimLedger
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, HashSet<long>> _held = [];
    private readonly HashSet<long> _doubtful = [];

    /// <summary>What the holder is known to hold, where a take of it is in doubt; else null.</summary>
    public long[]? KnownIfDoubtful(long holder)
    {
        lock (_lock)
        {
            return _doubtful.Contains(holder) ? [.. Of(holder)] : null;
        }
    }

    /// <summary>The takes were sent and not answered.</summary>
    public void Doubt(IEnumerable<long> holders)
    {
        lock (_lock)
        {
            _doubtful.UnionWith(holders);
        }
    }

    /// <summary>A take was answered.</summary>
    public void Add(TakeRequest request, TakeAnswer answer)
    {
        lock (_lock)
        {
            _doubtful.Remove(request.Holder);
            var held = Of(request.Holder);
            foreach (var message in answer.Messages)
            {
                held.Add(message.Claim.Tag);
            }
        }
    }

    /// <summary>
    /// Claims are about to go back. From here on they are not known: a take in doubt may have claimed the message anew, and nobody would give that back. Where
    /// the take gives the message back before its unit does, that unit is answered Lost, and the message has gone back once.
    /// </summary>
    public void Returning(StoreUnit[] units) => Remove(units, unit => unit.End == ClaimEnd.Return);

    /// <summary>Claims have ended, or were lost.</summary>
    public void Ended(StoreUnit[] units) => Remove(units, _ => true);

    /// <summary>A holder has left.</summary>
    public void Forget(long holder)
    {
        lock (_lock)
        {
            _held.Remove(holder);
        }
    }

    private void Remove(StoreUnit[] units, Func<StoreUnit, bool> isMeant)
    {
        lock (_lock)
        {
            foreach (var unit in units)
            {
                if (unit.Claim is { } claim && isMeant(unit) && _held.TryGetValue(claim.Holder, out var held))
                {
                    held.Remove(claim.Tag);
                }
            }
        }
    }

    private HashSet<long> Of(long holder)
    {
        if (!_held.TryGetValue(holder, out var held))
        {
            _held.Add(holder, held = []);
        }
        return held;
    }
}
