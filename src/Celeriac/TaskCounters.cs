namespace Celeriac;

/// <summary>How often something has happened to the messages of one task in this worker since it was made. Every number is read at its own moment.</summary>
public sealed class TaskCounters
{
    private long _received;
    private long _started;
    private long _succeeded;
    private long _failed;
    private long _retried;
    private long _revoked;
    private long _quarantined;
    private long _lost;

    internal TaskCounters()
    {
    }

    /// <summary>Messages that came. One that comes twice counts twice.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>Runs that have begun.</summary>
    public long Started => Interlocked.Read(ref _started);

    /// <summary>Runs that have ended well.</summary>
    public long Succeeded => Interlocked.Read(ref _succeeded);

    /// <summary>Runs that have failed for good.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Runs that another one follows, as a retry.</summary>
    public long Retried => Interlocked.Read(ref _retried);

    /// <summary>Tasks that were revoked or came too late.</summary>
    public long Revoked => Interlocked.Read(ref _revoked);

    /// <summary>Messages that were put aside.</summary>
    public long Quarantined => Interlocked.Read(ref _quarantined);

    /// <summary>Runs whose child process died and that another one follows, because the task wants it (<see cref="TaskAttribute.RejectOnWorkerLost"/>).</summary>
    public long Lost => Interlocked.Read(ref _lost);

    internal void CountReceived() => Interlocked.Increment(ref _received);

    internal void CountStarted() => Interlocked.Increment(ref _started);

    internal void CountQuarantined() => Interlocked.Increment(ref _quarantined);

    internal void Count(Outcome outcome)
    {
        switch (outcome)
        {
            case Outcome.Succeeded:
                Interlocked.Increment(ref _succeeded);
                break;
            case Outcome.Failed failed:
                Interlocked.Increment(ref _failed);
                Interlocked.Add(ref _quarantined, failed.Quarantine is null ? 0 : 1);
                break;
            case Outcome.Retrying:
                Interlocked.Increment(ref _retried);
                break;
            case Outcome.Rejected { Requeue: false }:
                Interlocked.Increment(ref _quarantined);
                break;
            case Outcome.Lost:
                Interlocked.Increment(ref _lost);
                break;
            case Outcome.Revoked or Outcome.Expired:
                Interlocked.Increment(ref _revoked);
                break;
            default:
                // It was ignored, refused, or goes on elsewhere: neither good nor bad.
                break;
        }
    }
}
