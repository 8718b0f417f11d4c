using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Microsoft.Extensions.Logging;

namespace Celeriac.Amqp.Receiving;

/// <summary>
/// Keeps a subscription alive on a connection that lives: follows a channel that the broker closed, looks after a consumer that it cancelled, and watches for the case that
/// a queue has messages and slots are free but nothing comes. A lost connection is not its affair: the reconnect brings the subscription back.
/// </summary>
internal sealed class SubscriptionKeeper(AmqpSubscription subscription, AmqpTransport transport, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ChangeSignal _changed = new();
    private readonly Lock _lock = new();
    private Task? _loop;
    private long _recycledAt;
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

    public void Look() => _changed.Pulse();

    public async ValueTask DisposeAsync()
    {
        Task? loop;
        lock (_lock)
        {
            _stopping.Cancel();
            loop = _loop;
        }
        if (loop is not null)
        {
            await loop.ConfigureAwait(false);
        }
    }

    private async Task RunAsync()
    {
        var received = -1L;
        while (!_stopping.IsCancellationRequested)
        {
            var (seen, began) = (_changed.Version, transport.Time.GetTimestamp());
            try
            {
                await FollowAsync().ConfigureAwait(false);
                await _changed.WaitAsync(seen, Period, transport.Time, _stopping.Token).ConfigureAwait(false);
                if (transport.Time.GetElapsedTime(began) >= Period)
                {
                    received = await WatchAsync(received).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (TransportRefusedException refusal)
            {
                subscription.Fail(refusal);
            }
            catch (Exception error)
            {
                if (error is not TransportException)
                {
                    Log.ConsumerFaulted(log, error, subscription.Name);
                }
                await Task.Delay(s_pause, transport.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Longer after each try that changed nothing: a single active consumer's stand-in, for example, gets nothing and is well.</summary>
    private TimeSpan Period => transport.WatchPeriod * (1 << Math.Min(_fruitless, 5));

    private async Task FollowAsync()
    {
        if (subscription.Channel is not { } channel || channel.Connection.IsLost)
        {
            return;
        }
        if (subscription.Consumers.FirstOrDefault(consumer => consumer.IsCancelledByBroker) is { } cancelled)
        {
            if (await AmqpTransport.CountAsync(channel.Connection, cancelled.Queue).ConfigureAwait(false) is null)
            {
                throw new TransportRefusedException($"Queue '{cancelled.Queue}' was deleted while it was consumed. Declare it and subscribe again.");
            }
            Log.ConsumerCancelled(log, subscription.Name, cancelled.Queue);
            await RecycleAsync(channel).ConfigureAwait(false);
        }
        else if (!channel.Channel.IsOpen)
        {
            Log.ConsumerChannelClosed(log, subscription.Name, AmqpErrors.TextOf(channel.Channel.Reason));
            if (AcknowledgementLimit.WasPassed(channel.Channel.Reason))
            {
                subscription.TakenBack(channel, AmqpErrors.TextOf(channel.Channel.Reason));
            }
            await RecycleAsync(channel).ConfigureAwait(false);
        }
    }

    /// <summary>A subscription that has starved for a whole period looks whether its queues are really empty.</summary>
    private async Task<long> WatchAsync(long before)
    {
        var received = subscription.Received;
        if (received != before || !subscription.IsStarved || subscription.Channel is not { IsOpen: true } channel)
        {
            _fruitless = received != before ? 0 : _fruitless;
            return received;
        }
        foreach (var queue in subscription.Queues)
        {
            if (await AmqpTransport.CountAsync(channel.Connection, queue).ConfigureAwait(false) is { Ready: > 0 } counts && subscription.Received == before && subscription.IsStarved)
            {
                Log.ConsumerStarved(log, queue, counts.Ready, subscription.Name, Period);
                _fruitless++;
                await RecycleAsync(channel).ConfigureAwait(false);
                break;
            }
        }
        return subscription.Received;
    }

    private async Task RecycleAsync(DeliveryChannel channel)
    {
        // A channel that dies again and again must not become a storm.
        if (_recycledAt != 0 && transport.Time.GetElapsedTime(_recycledAt) < s_pause)
        {
            await Task.Delay(s_pause, transport.Time, _stopping.Token).ConfigureAwait(false);
        }
        _recycledAt = transport.Time.GetTimestamp();
        await subscription.ConsumeAsync(channel.Connection).ConfigureAwait(false);
    }
}
