namespace Celeriac.Redis.Native;

/// <summary>Sends one batch at a time: whatever callers hand in meanwhile goes with the next one. An idle store's first caller waits for nobody.</summary>
/// <param name="send">Commits a batch and tells its callers; it throws nothing.</param>
internal sealed class GatheredCommits(Func<IReadOnlyList<CommitJob>, Task> send)
{
    // A script holds up everybody: it is given so much at once and no more.
    public const int MostUnits = 200;
    private const long MostBytes = 4 << 20;

    private readonly Lock _lock = new();
    private readonly Queue<CommitJob> _waiting = new();
    private bool _isSending;

    /// <summary>Hands in a job.</summary>
    public void Add(CommitJob job)
    {
        lock (_lock)
        {
            _waiting.Enqueue(job);
            if (_isSending)
            {
                return;
            }
            _isSending = true;
        }
        _ = SendAllAsync();
    }

    private async Task SendAllAsync()
    {
        while (NextBatch() is { Count: > 0 } batch)
        {
            await send(batch).ConfigureAwait(false);
        }
    }

    private List<CommitJob> NextBatch()
    {
        var batch = new List<CommitJob>();
        var (units, bytes) = (0, 0L);
        lock (_lock)
        {
            while (_waiting.TryPeek(out var next) && (batch.Count == 0 || (units + next.Units.Count <= MostUnits && bytes + next.Weight <= MostBytes)))
            {
                _waiting.Dequeue();
                if (next.TryStart())
                {
                    batch.Add(next);
                    units += next.Units.Count;
                    bytes += next.Weight;
                }
            }
            _isSending = batch.Count > 0;
        }
        return batch;
    }
}
