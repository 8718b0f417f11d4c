using Celeriac.Messaging;
using Microsoft.Extensions.Logging;

namespace Celeriac.Stomp.Receiving;

/// <summary>
/// Watches a subscription for the case that a queue has messages and slots are free but nothing comes: a broker that has lost count, or
/// something between us that swallowed a message. Then it consumes anew. A lost connection is not its affair.
/// </summary>
internal sealed class ConsumerWatch(StompSubscription subscription, StompTransport transport, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private Task? _loop;
    private int _fruitless;

    public void Start()
    {
        lock (_lock)
        {
            if (!_stopping.IsCancellationRequested)
            {
                _loop ??= Task.Run(RunAsync, CancellationToken.None);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task? loop;
        lock (_lock)
        {
            loop = _loop;
        }
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (loop is not null)
        {
            await loop.ConfigureAwait(false);
        }
    }

    /// <summary>Longer after each try that changed nothing: behind another process's exclusive consumer one gets nothing and is well.</summary>
    private TimeSpan Period => transport.WatchPeriod * (1 << Math.Min(_fruitless, 5));

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var before = subscription.Received;
                await Task.Delay(Period, transport.Time, _stopping.Token).ConfigureAwait(false);
                await LookAsync(before).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is StompException or TransportException)
            {
                // The connection is lost, or the queue is gone: others notice it and say so.
            }
            catch (Exception error)
            {
                Log.WatchFaulted(log, error, subscription.Name);
            }
        }
    }

    /// <summary>A subscription that has starved for a whole period looks whether its queues are really empty.</summary>
    private async Task LookAsync(long before)
    {
        if (subscription.Received != before)
        {
            _fruitless = 0;
            return;
        }
        foreach (var queue in subscription.Queues)
        {
            // A message that came this very moment may go to the one that looks; a second look tells whether anybody takes it.
            if (await HasMessageAsync(queue, before).ConfigureAwait(false))
            {
                await Task.Delay(Pause, transport.Time, _stopping.Token).ConfigureAwait(false);
                if (await HasMessageAsync(queue, before).ConfigureAwait(false))
                {
                    Log.ConsumerStuck(log, queue, subscription.Name, Period);
                    _fruitless++;
                    await subscription.ConsumeAnewAsync(_stopping.Token).ConfigureAwait(false);
                    return;
                }
            }
        }
    }

    private async Task<bool> HasMessageAsync(string queue, long before)
    {
        if (!subscription.IsStuckSince(before) || subscription.Connected is not { } connected)
        {
            return false;
        }
        if (await SingleGet.TakeAsync(transport, connected, queue, _stopping.Token).ConfigureAwait(false) is not { } delivery)
        {
            return false;
        }
        await delivery.RequeueAsync(CancellationToken.None).ConfigureAwait(false);
        return subscription.IsStuckSince(before);
    }
}
