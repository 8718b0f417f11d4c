using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Microsoft.Extensions.Logging;

namespace Celeriac.Results;

/// <summary>
/// Acknowledges replies many at a time, a moment after their waiters have the values: nobody waits for it, the broker gets one frame for all,
/// and a reply whose acknowledgement is lost comes again and finds its waiter served.
/// </summary>
internal sealed class ReplyAcknowledgements : IDisposable
{
    /// <summary>How many wait at most; the subscription fetches more, so that replies come meanwhile.</summary>
    public const int Most = 50;

    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(20);
    private readonly Lock _lock = new();
    private readonly ILogger _log;
    private readonly CancellationToken _closing;
    private readonly ITimer _timer;
    private List<Delivery> _waiting = [];

    /// <summary>Makes it.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where failures are told.</param>
    /// <param name="closing">Then the queue is deleted with what is in it, and nothing needs to be acknowledged.</param>
    public ReplyAcknowledgements(TimeProvider time, ILogger log, CancellationToken closing)
    {
        _log = log;
        _closing = closing;
        _timer = time.CreateTimer(static state => ((ReplyAcknowledgements)state!).Flush(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Acknowledges a reply soon.</summary>
    public void Add(Delivery delivery)
    {
        int count;
        lock (_lock)
        {
            _waiting.Add(delivery);
            count = _waiting.Count;
        }
        if (count == Most)
        {
            Flush();
        }
        else if (count == 1)
        {
            _timer.Change(s_moment, Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Flush()
    {
        List<Delivery> together;
        lock (_lock)
        {
            (together, _waiting) = (_waiting, new List<Delivery>(Most));
        }
        foreach (var delivery in together)
        {
            // Not awaited: each would be a write to the broker's disk.
            _ = AcknowledgeAsync(delivery);
        }
    }

    private async Task AcknowledgeAsync(Delivery delivery)
    {
        try
        {
            await delivery.AckAsync(_closing).ConfigureAwait(false);
        }
        catch (Exception) when (_closing.IsCancellationRequested)
        {
            // The queue is deleted with what is in it.
        }
        catch (Exception error)
        {
            // It comes again, and finds its waiter served.
            Log.ResultsUnreadable(_log, error);
        }
    }
}
