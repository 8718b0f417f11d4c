using System.Diagnostics;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Sending;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>
/// Removes the oldest messages of a quarantine that holds too many or too old ones, and logs each. Several workers may do so at once: a message is counted again while it is
/// held, and what others hold is counted by none, so that they never remove more than there is too much.
/// </summary>
internal sealed class QuarantineBounds(TaskClient client, int maxCount, TimeSpan maxAge, TimeProvider time, ILogger log)
{
    // Messages without a time, which somebody else has put there, are passed over; so many are held for that.
    private const int MostUndated = 100;
    // Not before then can anything of a quarantine be too old: a message is looked at once when it comes to be the first, and not every hour.
    private readonly Dictionary<string, DateTimeOffset> _tooOldFrom = new(StringComparer.Ordinal);
    private bool _toldNotCounted;

    /// <summary>Removes the oldest until there are no more than there may be.</summary>
    public async Task KeepCountAsync(string queue, CancellationToken cancellationToken)
    {
        if (maxCount == 0 || !await CountsAsync(cancellationToken).ConfigureAwait(false))
        {
            return;
        }
        var quarantine = TaskQueues.QuarantineOf(queue);
        while (await ReadyAsync(quarantine, cancellationToken).ConfigureAwait(false) > maxCount)
        {
            if (await client.Transport.GetAsync(quarantine, cancellationToken).ConfigureAwait(false) is not { } oldest)
            {
                return;
            }
            if (await ReadyAsync(quarantine, cancellationToken).ConfigureAwait(false) + 1 <= maxCount)
            {
                // Somebody else removes one at this moment.
                await GiveBackAsync(oldest, cancellationToken).ConfigureAwait(false);
                return;
            }
            await RemoveAsync(oldest, queue, $"there were more than {maxCount} (quarantine_max_count)", cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes what is too old.</summary>
    public async Task KeepAgeAsync(string queue, CancellationToken cancellationToken)
    {
        if (maxAge == TimeSpan.Zero || (_tooOldFrom.TryGetValue(queue, out var from) && time.GetUtcNow() < from) || !await ExistsAsync(queue, cancellationToken).ConfigureAwait(false))
        {
            return;
        }
        var undated = new List<Delivery>();
        try
        {
            while (undated.Count < MostUndated && await client.Transport.GetAsync(TaskQueues.QuarantineOf(queue), cancellationToken).ConfigureAwait(false) is { } oldest)
            {
                if (QuarantinedMessage.Of(oldest, queue).Time is not { } put)
                {
                    undated.Add(oldest);
                }
                else if (put + maxAge <= time.GetUtcNow())
                {
                    await RemoveAsync(oldest, queue, $"it was older than {maxAge.TotalDays:0.###} days (quarantine_max_age)", cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    _tooOldFrom[queue] = put + maxAge;
                    await GiveBackAsync(oldest, cancellationToken).ConfigureAwait(false);
                    return;
                }
            }
        }
        finally
        {
            foreach (var delivery in undated)
            {
                await GiveBackAsync(delivery, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask RemoveAsync(Delivery delivery, string queue, string why, CancellationToken cancellationToken)
    {
        var message = QuarantinedMessage.Of(delivery, queue);
        // Told first: a message that is gone could not be told of any more.
        Log.QuarantineTrimmed(log, message.Id, message.TaskName ?? "(unknown)", delivery.Queue, why, message.Reason, message.Text);
        if (await delivery.AckAsync(cancellationToken).ConfigureAwait(false) == CompletionStatus.Applied && Telemetry.QuarantineTrimmed.Enabled)
        {
            Telemetry.QuarantineTrimmed.Add(1, new TagList { { Telemetry.Destination, queue }, { Telemetry.QuarantineReason, message.Reason } });
        }
    }

    private static async ValueTask GiveBackAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        if (QuarantineVisit.IsWorn(delivery))
        {
            await QuarantineVisit.RenewAsync(delivery, cancellationToken).ConfigureAwait(false);
            return;
        }
        await delivery.RequeueAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<bool> CountsAsync(CancellationToken cancellationToken)
    {
        await client.Transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
        if (!client.Transport.Capabilities.Counts && !_toldNotCounted)
        {
            _toldNotCounted = true;
            Log.QuarantineNotCounted(log, client.Transport.Name, maxCount);
        }
        return client.Transport.Capabilities.Counts;
    }

    private async ValueTask<long> ReadyAsync(string quarantine, CancellationToken cancellationToken) =>
        (await client.Transport.CountAsync(quarantine, cancellationToken).ConfigureAwait(false))?.Ready ?? 0;

    private async ValueTask<bool> ExistsAsync(string queue, CancellationToken cancellationToken)
    {
        await client.Transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
        if (client.Transport.Capabilities.Counts)
        {
            return await ReadyAsync(TaskQueues.QuarantineOf(queue), cancellationToken).ConfigureAwait(false) > 0;
        }
        await client.Queues.EnsureQuarantineAsync(queue, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
