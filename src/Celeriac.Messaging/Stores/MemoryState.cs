namespace Celeriac.Messaging.Stores;

/// <summary>Shared state in the memory of one process, under one lock.</summary>
internal sealed class MemoryState(TimeProvider time) : IStateStore
{
    private const int SweptAtOnce = 500;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, StateEntry> _entries = new(StringComparer.Ordinal);
    private long _version;

    public ValueTask<StateReading> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(Read(keys, time.GetUtcNow()));
        }
    }

    public ValueTask<StateAnswer> TryWriteAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var isWritten = changes.All(change => change.ExpectedVersion is not { } version || (Find(change.Key, now)?.Version ?? 0) == version);
            foreach (var change in isWritten ? changes : [])
            {
                Write(change, now);
            }
            return ValueTask.FromResult(new StateAnswer(isWritten, Read([.. changes.Select(change => change.Key)], now)));
        }
    }

    public ValueTask<StateReading> ListAsync(string prefix, int limit, string? after = null, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            return ValueTask.FromResult(new StateReading([.. _entries.Values
                .Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(entry.Key, after) > 0 && !(entry.ExpiresAt <= now))
                .Take(limit)], now));
        }
    }

    /// <summary>Forgets what has expired, a bounded number at a time.</summary>
    public void Sweep(DateTimeOffset now)
    {
        lock (_lock)
        {
            foreach (var key in _entries.Values.Where(entry => entry.ExpiresAt <= now).Take(SweptAtOnce).Select(entry => entry.Key).ToList())
            {
                _entries.Remove(key);
            }
        }
    }

    private StateReading Read(IReadOnlyList<string> keys, DateTimeOffset now) => new([.. keys.Select(key => Find(key, now)).OfType<StateEntry>()], now);

    private StateEntry? Find(string key, DateTimeOffset now) => _entries.TryGetValue(key, out var entry) && !(entry.ExpiresAt <= now) ? entry : null;

    private void Write(StateChange change, DateTimeOffset now)
    {
        if (change.Content is { } content)
        {
            _entries[change.Key] = new StateEntry(change.Key, content, ++_version, now + change.Lifetime);
        }
        else
        {
            _entries.Remove(change.Key);
        }
    }
}
