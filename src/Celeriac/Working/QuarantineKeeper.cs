using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Sending;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>
/// Counts what a worker puts aside, and keeps the quarantines of its queues within their bounds: when something was put aside, and once an hour.
/// Beside the tasks: whatever fails here is tried again later and costs no task anything.
/// </summary>
internal sealed class QuarantineKeeper(TaskClient client, Func<IReadOnlyList<string>> queues, WorkerOptions options, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan s_round = TimeSpan.FromHours(1);
    // Somebody may have held the messages to look at them: then none was too many.
    private static readonly TimeSpan s_again = TimeSpan.FromSeconds(10);
    // A flood of poison is counted once for many messages.
    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(1);

    private readonly QuarantineBounds _bounds = new(client, options.QuarantineMaxCount, options.QuarantineMaxAge, time, log);
    private readonly ConcurrentDictionary<string, long> _added = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _grown = new(StringComparer.Ordinal);
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>How many messages were put aside here, by reason.</summary>
    public IEnumerable<KeyValuePair<string, long>> Added => _added.OrderBy(reason => reason.Key, StringComparer.Ordinal);

    /// <summary>These were sent as a part of an outcome: counts those put aside.</summary>
    public void Committed(IReadOnlyList<Publication> followUps)
    {
        foreach (var publication in followUps)
        {
            if (TaskQueues.IsQuarantine(publication.RoutingKey) && publication.Message.Headers.TextOf(QuarantineHeader.Reason) is { } reason
                && publication.Message.Headers.TextOf(QuarantineHeader.Queue) is { } queue)
            {
                Add(queue, reason, publication.Message);
            }
        }
    }

    /// <summary>Keeps the bounds until it is stopped.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        if (options is { QuarantineMaxCount: 0, QuarantineMaxAge.Ticks: 0 })
        {
            return;
        }
        var next = time.GetUtcNow() + s_round;
        var again = new HashSet<string>(StringComparer.Ordinal);
        while (!stop.IsCancellationRequested)
        {
            var untilNext = next - time.GetUtcNow();
            await NewsAsync(again.Count > 0 && s_again < untilNext ? s_again : untilNext, stop).ConfigureAwait(false);
            string[] due = [.. again.Union(_grown.Keys)];
            again.Clear();
            foreach (var queue in due)
            {
                if (_grown.TryRemove(queue, out _))
                {
                    again.Add(queue);
                }
                await KeepAsync(queue, _bounds.KeepCountAsync, stop).ConfigureAwait(false);
            }
            if (time.GetUtcNow() >= next)
            {
                next = time.GetUtcNow() + s_round;
                foreach (var queue in queues())
                {
                    await KeepAsync(queue, _bounds.KeepAgeAsync, stop).ConfigureAwait(false);
                    await KeepAsync(queue, _bounds.KeepCountAsync, stop).ConfigureAwait(false);
                }
            }
            await Task.Delay(s_rest, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Add(string queue, string reason, Message message)
    {
        _added.AddOrUpdate(reason, 1, static (_, count) => count + 1);
        if (Telemetry.Quarantined.Enabled)
        {
            var tags = new TagList { { Telemetry.Destination, queue }, { Telemetry.QuarantineReason, reason } };
            // Names that no worker knows come from anybody: they would be measured for ever.
            if (reason is not (nameof(QuarantineReason.UnknownTask) or nameof(QuarantineReason.NotATask) or nameof(QuarantineReason.MalformedHeaders)))
            {
                tags.Add(Telemetry.TaskName, message.Headers.TextOf(TaskHeader.Task));
            }
            Telemetry.Quarantined.Add(1, tags);
        }
        _grown[queue] = true;
        // Where it is full, it is known already that there is news.
        _news.Writer.TryWrite(true);
    }

    private async Task NewsAsync(TimeSpan longest, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var news = _news.Reader.WaitToReadAsync(ending.Token).AsTask();
        var round = Task.Delay(longest > TimeSpan.Zero ? longest : TimeSpan.Zero, time, ending.Token);
        await Task.WhenAny(news, round).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(news, round).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _news.Reader.TryRead(out _);
    }

    private async Task KeepAsync(string queue, Func<string, CancellationToken, Task> keep, CancellationToken stop)
    {
        try
        {
            await keep(queue, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What was taken and not settled goes back with the connection.
        }
        catch (Exception error)
        {
            Log.QuarantineNotTrimmed(log, error, TaskQueues.QuarantineOf(queue));
        }
    }
}
