using System.Collections.Concurrent;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Working;

/// <summary>
/// The tasks that were taken back: their ids, and stamps whose tasks were (CELERY-PROTOCOL section 18). In memory and bounded, as in Celery.
/// Asking costs no lock, and next to nothing while nothing is revoked.
/// </summary>
internal sealed class Revocations(TimeProvider time, TimeSpan? lifetime = null)
{
    /// <summary>The most that are remembered; the oldest go.</summary>
    public const int MostIds = 50_000;
    private const int MostStamps = 1_000;
    private const int LongestText = 1_000;

    /// <summary>How long one is remembered where nothing else is said, as in Celery.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10_800);

    private readonly TimeSpan _lifetime = lifetime ?? Lifetime;
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, long> _ids = new(StringComparer.Ordinal);
    private readonly Queue<(string Id, long Since)> _order = new();
    private readonly ConcurrentDictionary<(string Name, string Value), byte> _stamps = new();
    private long _changes;
    private volatile bool _isUsed;

    /// <summary>The ids that count now, oldest first, with the time since when in <see cref="TimeProvider.GetTimestamp"/>'s measure.</summary>
    public IReadOnlyList<(string Id, TimeSpan Age)> Ids
    {
        get
        {
            lock (_lock)
            {
                Purge();
                return [.. _order.Select(entry => (entry.Id, time.GetElapsedTime(entry.Since)))];
            }
        }
    }

    /// <summary>The stamps that count.</summary>
    public IReadOnlyList<(string Name, string Value)> Stamps => [.. _stamps.Keys];

    /// <summary>Moves with everything that is added.</summary>
    public long Changes => Interlocked.Read(ref _changes);

    /// <summary>Takes tasks back.</summary>
    /// <param name="ids">Their ids.</param>
    /// <param name="age">How long ago it was.</param>
    public void Add(IEnumerable<string> ids, TimeSpan age = default)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp() - (long)(Math.Max(0, age.TotalSeconds) * time.TimestampFrequency);
            foreach (var id in ids.Where(id => id.Length is > 0 and <= LongestText))
            {
                if (_ids.TryAdd(id, now))
                {
                    _order.Enqueue((id, now));
                    _isUsed = true;
                    Interlocked.Increment(ref _changes);
                    Purge();
                }
            }
        }
    }

    /// <summary>Every task that bears one of these stamps is revoked.</summary>
    public void AddStamps(string name, IEnumerable<string> values)
    {
        foreach (var value in values.Where(value => _stamps.Count < MostStamps && name.Length + value.Length <= LongestText))
        {
            if (_stamps.TryAdd((name, value), 0))
            {
                _isUsed = true;
                Interlocked.Increment(ref _changes);
            }
        }
    }

    public bool Contains(TaskRequest request) => _isUsed && (ContainsId(request.Id) || (!_stamps.IsEmpty && BearsRevokedStamp(request)));

    private bool ContainsId(string id) => _ids.TryGetValue(id, out var since) && time.GetElapsedTime(since) < _lifetime;

    private bool BearsRevokedStamp(TaskRequest request)
    {
        var stamps = request.Message.Headers[TaskHeader.Stamps];
        return stamps.Kind == HeaderKind.Map && stamps.AsMap().Any(stamp => ValuesOf(stamp.Value).Any(value => _stamps.ContainsKey((stamp.Key, value))));
    }

    /// <summary>A stamp's values as text: one, or a list of them.</summary>
    public static IEnumerable<string> ValuesOf(HeaderValue value) => value.Kind switch
    {
        HeaderKind.List => value.AsList().SelectMany(ValuesOf),
        HeaderKind.Text => [value.AsText()],
        HeaderKind.Null => [],
        _ => [value.ToString()],
    };

    private void Purge()
    {
        while (_order.TryPeek(out var oldest) && (_order.Count > MostIds || time.GetElapsedTime(oldest.Since) >= _lifetime))
        {
            _order.Dequeue();
            _ids.TryRemove(oldest.Id, out _);
        }
    }
}
