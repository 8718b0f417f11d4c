using Celeriac.Messaging.Serialization;

namespace Celeriac.Messaging;

/// <summary>How a <see cref="Consumer"/> receives.</summary>
public sealed record ConsumerOptions
{
    /// <summary>How many deliveries may be on their way or unsettled; at least 1, default 10. When that many are unsettled, receiving waits.</summary>
    public int Prefetch { get; init; } = 10;

    /// <summary>The consumer's name in the broker's own lists; null for none.</summary>
    public string? ConsumerName { get; init; }

    /// <summary>Which bodies <c>ReadText</c>, <c>ReadBytes</c> and <c>ReadJson</c> accept on the deliveries of this consumer.</summary>
    public ContentRegistry Contents { get; init; } = ContentRegistry.Default;
}

/// <summary>
/// Receives messages from queues. Subscribes at the first receive. Each delivery must be settled once: <c>AckAsync</c>, <c>RejectAsync</c> or <c>RequeueAsync</c>.
/// </summary>
/// <example>
/// <code>
/// await using var consumer = new Consumer(transport, "mail");
/// await foreach (var delivery in consumer)
/// {
///     Console.WriteLine(delivery.ReadText());
///     await delivery.AckAsync();
/// }
/// </code>
/// </example>
public sealed class Consumer : IAsyncEnumerable<Delivery>, IAsyncDisposable
{
    private readonly ITransport _transport;
    private readonly SubscriptionOptions _subscriptionOptions;
    private readonly ContentRegistry _contents;
    private readonly SemaphoreSlim _subscribing = new(1, 1);
    private ISubscription? _subscription;
    private bool _cancelled;
    private bool _disposed;

    /// <summary>A consumer of one queue.</summary>
    public Consumer(ITransport transport, string queue, ConsumerOptions? options = null) : this(transport, [queue], options)
    {
    }

    /// <summary>A consumer of some queues, served in turn.</summary>
    /// <param name="transport">Where the messages come from.</param>
    /// <param name="queues">The queues' names; at least one.</param>
    /// <param name="options">How it receives.</param>
    /// <exception cref="ArgumentException">There is no queue, a name is empty, or the prefetch is less than 1.</exception>
    public Consumer(ITransport transport, IReadOnlyList<string> queues, ConsumerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(queues);
        options ??= new ConsumerOptions();
        if (queues.Count == 0 || queues.Any(string.IsNullOrEmpty))
        {
            throw new ArgumentException("A consumer was given no queue, or a queue without a name. Name at least one queue.", nameof(queues));
        }
        if (options.Prefetch < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Prefetch, $"Prefetch is '{options.Prefetch}', but must be at least 1. Raise it.");
        }
        _transport = transport;
        _contents = options.Contents;
        _subscriptionOptions = new SubscriptionOptions([.. queues], options.Prefetch) { ConsumerName = options.ConsumerName };
    }

    /// <summary>The queues.</summary>
    public IReadOnlyList<string> Queues => _subscriptionOptions.Queues;

    /// <summary>Waits for the next delivery; null once the consumer was cancelled. The token ends the wait and never loses a delivery.</summary>
    /// <exception cref="TransportRefusedException">A queue does not exist.</exception>
    /// <exception cref="TransportException">The connection is lost for good.</exception>
    public async ValueTask<Delivery?> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        var subscription = _subscription ?? await SubscribeAsync(cancellationToken).ConfigureAwait(false);
        var delivery = subscription is null ? null : await subscription.ReceiveAsync(cancellationToken).ConfigureAwait(false);
        delivery?.Contents = _contents;
        return delivery;
    }

    /// <summary>The deliveries until the consumer is cancelled, for <c>await foreach</c>.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async IAsyncEnumerator<Delivery> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        while (await ReceiveAsync(cancellationToken).ConfigureAwait(false) is { } delivery)
        {
            yield return delivery;
        }
    }

    /// <summary>
    /// Stops receiving: what was fetched goes back to its queue, and receiving answers null. Deliveries already received can still be settled.
    /// </summary>
    public async ValueTask CancelAsync(CancellationToken cancellationToken = default)
    {
        await _subscribing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _cancelled = true;
        }
        finally
        {
            _subscribing.Release();
        }
        if (_subscription is { } subscription)
        {
            await subscription.CancelAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Stops receiving and gives back every delivery that was not settled.</summary>
    public async ValueTask DisposeAsync()
    {
        await _subscribing.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (_disposed)
            {
                return;
            }
            _disposed = true;
        }
        finally
        {
            _subscribing.Release();
        }
        if (_subscription is { } subscription)
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<ISubscription?> SubscribeAsync(CancellationToken cancellationToken)
    {
        await _subscribing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _cancelled ? _subscription : _subscription ??= await _transport.SubscribeAsync(_subscriptionOptions, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _subscribing.Release();
        }
    }
}
