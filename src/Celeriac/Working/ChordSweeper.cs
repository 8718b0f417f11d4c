using Celeriac.Diagnostics;
using Celeriac.SharedState;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>
/// Looks through the chords under way for what was left half way: sends the body of one that is complete and whose last worker died before it did, and ends one whose
/// next member has not come within the deadline. Every worker sweeps; doing it twice does no harm.
/// </summary>
internal sealed class ChordSweeper(TaskClient client, Following following, TimeProvider time, ILogger log)
{
    private const int MostAtOnce = 500;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(30);

    // The worker that ended the last member sends the body within this time, if it lives.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(20);

    // A chord that is written down and not counted has just begun, or somebody else has ended it.
    private static readonly TimeSpan s_uncounted = TimeSpan.FromMinutes(10);

    /// <summary>Sweeps now and then until the worker stops.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        while (client.Chords.IsPossible && !stop.IsCancellationRequested)
        {
            // Not all workers at once.
            await Task.Delay(s_pause * (0.5 + Random.Shared.NextDouble()), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested)
            {
                return;
            }
            try
            {
                await SweepAsync(stop).ConfigureAwait(false);
            }
            catch (Exception error) when (error is not OutOfMemoryException && !stop.IsCancellationRequested)
            {
                Log.ChordsNotSwept(log, error, s_pause);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>One look.</summary>
    public async ValueTask SweepAsync(CancellationToken cancellationToken)
    {
        string? after = null;
        do
        {
            var (heads, now, next) = await client.Chords.Heads.ListAsync(MostAtOnce, after, cancellationToken).ConfigureAwait(false);
            foreach (var head in heads)
            {
                await LookAsync(head, now, cancellationToken).ConfigureAwait(false);
            }
            after = next;
        }
        while (after is not null);
    }

    private async ValueTask LookAsync(ChordHead head, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var count = await client.Chords.Counter.CountAsync(head.GroupId, cancellationToken).ConfigureAwait(false);
        var quiet = now - head.SeenAt;
        if (count.Size is not { } size)
        {
            if (quiet > s_uncounted)
            {
                await client.Chords.Heads.DeleteAsync(head.GroupId, cancellationToken).ConfigureAwait(false);
            }
        }
        else if (count.Ended != head.Seen)
        {
            await client.Chords.Heads.SeeAsync(head, count.Ended, now, cancellationToken).ConfigureAwait(false);
        }
        else if (count.IsComplete && quiet > s_grace)
        {
            Log.ChordReleased(log, head.GroupId, head.BodyId);
            var body = await client.Chords.Heads.ReadBodyAsync(head.GroupId, cancellationToken).ConfigureAwait(false);
            await ApplyAsync(head, body.IsEmpty ? Followed.Nothing : await following.ReleaseAsync(head, body, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
        else if (!count.IsComplete && quiet > client.Chords.Deadline)
        {
            Log.ChordTooLate(log, head.GroupId, count.Ended, size, client.Chords.Deadline, head.BodyId);
            var body = await client.Chords.Heads.ReadBodyAsync(head.GroupId, cancellationToken).ConfigureAwait(false);
            await ApplyAsync(head, body.IsEmpty ? Followed.Nothing : await following.FailAsync(head, body, Reason(count.Ended, size), cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
    }

    private string Reason(int ended, int size) =>
        $"Only {ended} of {size} members have ended, and none within {client.Chords.Deadline.TotalSeconds:0} s (chord_deadline)";

    /// <summary>Results, then messages, then the end of the chord: a crash in between repeats it.</summary>
    private async ValueTask ApplyAsync(ChordHead head, Followed followed, CancellationToken cancellationToken)
    {
        foreach (var (record, replyTo) in followed.Told)
        {
            await client.Results.WriteAsync(record, replyTo, cancellationToken).ConfigureAwait(false);
        }
        foreach (var queue in followed.Queues)
        {
            await client.Queues.EnsureAsync(queue, cancellationToken).ConfigureAwait(false);
        }
        await client.Transport.PublishAsync(followed.Tasks.Select(task => task.Publication).ToArray(), cancellationToken).ConfigureAwait(false);
        await following.AppliedAsync(followed with { EndedChords = [.. followed.EndedChords.Append(head.GroupId).Distinct(StringComparer.Ordinal)] }, cancellationToken).ConfigureAwait(false);
    }
}
