using Celeriac.Amqp.Connecting;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Microsoft.Extensions.Logging;

namespace Celeriac.Amqp.Receiving;

/// <summary>
/// Receives from some queues on a channel of its own. A lost channel or connection is followed by another; what was handed out over the old one is the broker's again.
/// </summary>
internal sealed partial class AmqpSubscription : ISubscription
{
    private readonly SubscriptionOptions _options;
    private readonly DeliveryChannels _channels;
    private readonly ILogger _log;
    private readonly PushedDeliveries _pushed;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _lateLock = new();
    private readonly List<Delivery> _late = [];
    private readonly SubscriptionKeeper _keeper;
    private List<QueueConsumer> _consumers = [];
    private DeliveryChannel? _channel;
    private bool _cancelled;
    private bool _disposed;

    public AmqpSubscription(AmqpTransport transport, SubscriptionOptions options, DeliveryChannels channels, ILogger log)
    {
        Transport = transport;
        _options = options;
        _channels = channels;
        _log = log;
        _pushed = new PushedDeliveries(options);
        Name = $"{options.ConsumerName ?? $"{Environment.ProcessId}@{Environment.MachineName}"}-{Guid.NewGuid().ToString("N")[..8]}";
        _keeper = new SubscriptionKeeper(this, transport, log);
    }

    public AmqpTransport Transport { get; }

    /// <summary>The consumer's name, unique.</summary>
    public string Name { get; }

    public IReadOnlyList<string> Queues => _pushed.Queues;

    /// <summary>The channel at present; null before the first.</summary>
    public DeliveryChannel? Channel => Volatile.Read(ref _channel);

    /// <summary>The consumers at present.</summary>
    public IReadOnlyList<QueueConsumer> Consumers => Volatile.Read(ref _consumers);

    /// <summary>How many deliveries have come, for the watchdog.</summary>
    public long Received { get; private set; }

    /// <summary>True while a delivery could be handed out and none is here.</summary>
    public bool IsStarved => _pushed.IsStarved;

    /// <summary>Consumes on a connection, in place of what was before. Does nothing once the subscription is cancelled.</summary>
    /// <exception cref="TransportRefusedException">A queue does not exist or may not be consumed.</exception>
    /// <exception cref="TransportException">The connection was lost.</exception>
    public async Task ConsumeAsync(AmqpConnection connection)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_cancelled)
            {
                return;
            }
            await DropChannelAsync().ConfigureAwait(false);
            var channel = await _channels.OpenAsync(connection, Changed, _pushed.Settled).ConfigureAwait(false);
            channel.Prefetch = (ushort)Math.Min(_options.Prefetch, ushort.MaxValue);
            _pushed.Begin(channel.Generation);
            Volatile.Write(ref _channel, channel);
            await ConsumeAsync(channel).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
        _keeper.Start();
        Changed();
    }

    public ValueTask<Delivery?> ReceiveAsync(CancellationToken cancellationToken = default) => _pushed.TakeAsync(Transport.Time, cancellationToken);

    /// <summary>The broker has pushed a delivery.</summary>
    public void Arrived(Delivery delivery)
    {
        Received++;
        if (!_pushed.Add(delivery))
        {
            lock (_lateLock)
            {
                _late.Add(delivery);
            }
        }
    }

    /// <summary>Something about the channel or a consumer has changed: the keeper looks.</summary>
    public void Changed() => _keeper.Look();

    /// <inheritdoc/>
    public TimeSpan? SettleWithin => Channel is { } channel ? AcknowledgementLimit.Of(Transport.Options, channel.Connection) : null;

    /// <summary>The broker has closed the channel because something stayed unacknowledged for too long.</summary>
    public void TakenBack(DeliveryChannel channel, string reason) => _options.TakenBack?.Invoke(channel.Generation, reason);

    /// <summary>From now on receiving fails: a queue is gone for good.</summary>
    public void Fail(TransportRefusedException failure) => _pushed.Fail(failure);

    private async Task ConsumeAsync(DeliveryChannel channel)
    {
        var consumers = new List<QueueConsumer>();
        Volatile.Write(ref _consumers, consumers);
        var failing = "";
        try
        {
            await channel.FlushAsync().ConfigureAwait(false);
            var arguments = AcknowledgementLimit.Arguments(Transport.Options, channel.Connection);
            foreach (var queue in _pushed.Queues)
            {
                failing = queue;
                var consumer = new QueueConsumer(this, channel, queue, Tag(consumers.Count), _log);
                await channel.Channel.ConsumeAsync(queue, consumer.Tag, arguments, consumer).ConfigureAwait(false);
                consumers.Add(consumer);
            }
        }
        catch (Exception error) when (AmqpConnection.IsOfTheChannel(error))
        {
            // No answer in time: a late one must not be taken for another's. The keeper sees a closed channel and consumes again.
            await channel.Channel.DisposeAsync().ConfigureAwait(false);
            throw channel.Connection.Explained(error, $"Queue '{failing}' cannot be consumed");
        }
    }

    /// <summary>AMQP's short string holds 255 bytes; a longer consumer's name is cut, the part that makes it unique stays.</summary>
    private string Tag(int number)
    {
        var tag = $"{Name}-{number}";
        return Wire.ShortText.Fits(tag) ? tag : $"celeriac-{tag[^16..]}";
    }
}
