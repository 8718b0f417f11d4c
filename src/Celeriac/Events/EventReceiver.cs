using Celeriac.Diagnostics;
using Celeriac.Events;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Results;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac;

/// <summary>
/// Receives the events of a whole fleet, C# and Python workers alike, on a queue of its own that is deleted with it. Read it in one place:
/// <c>await foreach (var happened in receiver)</c>. A lost connection is waited for; what happened meanwhile is not told later.
/// </summary>
/// <remarks>Workers send task events where they were started with <c>-E</c> (<see cref="WorkerOptions.SendTaskEvents"/>) or were told <c>enable_events</c>; heartbeats come always.</remarks>
public sealed class EventReceiver : IAsyncEnumerable<CeleryEvent>, IAsyncDisposable
{
    private const int Prefetch = 200;
    private const int MostUnsettled = 50;
    private static readonly TimeSpan s_longestInQueue = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_queueExpires = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromSeconds(10);

    private readonly ITransport _transport;
    private readonly string _pattern;
    private readonly string _exchange;
    private readonly LogicalClock _clock;
    private readonly bool _wakesWorkers;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly EventDecoder _decoder;
    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly List<Completion> _unsettled = [];
    private string _queue = $"celeryev.{Guid.NewGuid()}";
    private ReplyQueueSlot? _slot;
    private ISubscription? _subscription;
    private bool _isDisposed;

    /// <summary>A receiver on a transport.</summary>
    /// <param name="transport">Where the events come from; it is not disposed with the receiver.</param>
    /// <param name="pattern">Which events, by their type with dots for dashes: <c>#</c> for all, <c>task.#</c>, <c>worker.heartbeat</c>. Task events of Python workers travel together as <c>task.multi</c>, so that a single type of theirs cannot be chosen here.</param>
    /// <param name="exchange">Where the fleet sends them, see <see cref="CeleriacOptions.EventExchange"/>.</param>
    public EventReceiver(ITransport transport, string pattern = "#", string exchange = EventExchange.DefaultName)
        : this(transport, pattern, exchange, new LogicalClock(), TimeProvider.System, NullLogger.Instance, wakesWorkers: true)
    {
    }

    internal EventReceiver(ITransport transport, string pattern, string exchange, LogicalClock clock, TimeProvider time, ILogger log, bool wakesWorkers)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        ArgumentException.ThrowIfNullOrEmpty(exchange);
        _transport = transport;
        _pattern = pattern;
        _exchange = exchange;
        _clock = clock;
        _wakesWorkers = wakesWorkers;
        _time = time;
        _log = log;
        _decoder = new EventDecoder(clock, time);
    }

    /// <summary>How many events or messages could not be read and were left out.</summary>
    public long Malformed => _decoder.Malformed;

    /// <summary>Begins to listen: what is sent after this returns will be received. Reading calls it where you have not.</summary>
    /// <exception cref="TransportRefusedException">The broker has no topic exchanges, so that it carries no events.</exception>
    /// <exception cref="TransportException">The broker cannot be reached.</exception>
    public async ValueTask StartAsync(CancellationToken cancellationToken = default)
    {
        await _starting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_subscription is null)
            {
                _subscription = await SubscribeAsync(cancellationToken).ConfigureAwait(false);
                await WakeWorkersAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>The events as they come, until the token is cancelled or the receiver disposed.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async IAsyncEnumerator<CeleryEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        await StartAsync(cancellationToken).ConfigureAwait(false);
        var delay = s_firstDelay;
        while (!Volatile.Read(ref _isDisposed))
        {
            IReadOnlyList<CeleryEvent>? events = null;
            try
            {
                events = await ReceiveAsync(cancellationToken).ConfigureAwait(false);
                if (events is null)
                {
                    yield break;
                }
                delay = s_firstDelay;
            }
            catch (TransportException error)
            {
                await RecoverAsync(error, delay, cancellationToken).ConfigureAwait(false);
                delay = delay * 2 < s_longestDelay ? delay * 2 : s_longestDelay;
            }
            foreach (var happened in events ?? [])
            {
                yield return happened;
            }
        }
    }

    /// <summary>Ends listening and deletes the queue.</summary>
    public async ValueTask DisposeAsync()
    {
        await _starting.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (_isDisposed)
            {
                return;
            }
            Volatile.Write(ref _isDisposed, true);
            await LeaveAsync().ConfigureAwait(false);
            _slot?.Dispose();
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>The events of the next message; null at the end.</summary>
    private async ValueTask<IReadOnlyList<CeleryEvent>?> ReceiveAsync(CancellationToken cancellationToken)
    {
        var receiving = _subscription!.ReceiveAsync(cancellationToken);
        if (_unsettled.Count >= MostUnsettled || (_unsettled.Count > 0 && !receiving.IsCompleted))
        {
            // Acknowledged together while nothing else is to do: each for itself would cost a store a commit.
            var settling = SettleAsync(cancellationToken);
            var next = await receiving.ConfigureAwait(false);
            await settling.ConfigureAwait(false);
            return Take(next);
        }
        return Take(await receiving.ConfigureAwait(false));
    }

    private IReadOnlyList<CeleryEvent>? Take(Delivery? delivery)
    {
        if (delivery is null)
        {
            return null;
        }
        _unsettled.Add(new Completion(delivery, Settlement.Ack));
        return _decoder.Decode(delivery.Message);
    }

    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        var settled = _unsettled.ToArray();
        _unsettled.Clear();
        try
        {
            await _transport.CompleteAsync(settled, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TransportException or OperationCanceledException or ObjectDisposedException)
        {
            // They come again or expire. News may come twice after a lost connection; a state that is told twice stays the same.
        }
    }

    private async ValueTask RecoverAsync(TransportException error, TimeSpan delay, CancellationToken cancellationToken)
    {
        Log.EventsUnreadable(_log, error, delay);
        await Task.Delay(delay, _time, cancellationToken).ConfigureAwait(false);
        if (error is not TransportRefusedException)
        {
            return;
        }
        // The queue is gone: it expired while the connection was away, or somebody has deleted it.
        await _starting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isDisposed)
            {
                var gone = _subscription!;
                _subscription = await SubscribeAsync(cancellationToken).ConfigureAwait(false);
                _unsettled.Clear();
                await gone.DisposeAsync().ConfigureAwait(false);
            }
        }
        catch (TransportException again)
        {
            // The refused subscription refuses again and brings us back here.
            Log.EventsUnreadable(_log, again, delay);
        }
        finally
        {
            _starting.Release();
        }
    }

    private async ValueTask<ISubscription> SubscribeAsync(CancellationToken cancellationToken)
    {
        await _transport.ConnectPatientlyAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!EventExchange.IsPossible(_transport))
        {
            throw new TransportRefusedException($"Events cannot be received from '{_transport.Name}': it has no topic exchanges. Use amqp:// for RabbitMQ, or another transport that has them.");
        }
        await _transport.DeclareAsync(EventExchange.TopologyOf(_exchange, _transport) with { Queues = [Queue()], Bindings = [new Binding(_exchange, _queue, _pattern)] }, cancellationToken).ConfigureAwait(false);
        return await _transport.SubscribeAsync(new SubscriptionOptions([_queue], Prefetch), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks every worker for a heartbeat, as Celery's receivers do, so that the picture is whole at once and not after the next interval.</summary>
    private async ValueTask WakeWorkersAsync(CancellationToken cancellationToken)
    {
        if (!_wakesWorkers || !Pidbox.IsPossible(_transport))
        {
            return;
        }
        try
        {
            await _transport.DeclareAsync(Pidbox.Commands, cancellationToken).ConfigureAwait(false);
            await _transport.PublishAsync(ControlCodec.Encode("heartbeat", arguments: null, new ControlAddress(null, null, null), replyTo: null, _clock.Forward(), expires: 0), cancellationToken).ConfigureAwait(false);
        }
        catch (TransportException error)
        {
            // Their next heartbeats come by themselves.
            Log.WorkersNotWoken(_log, error);
        }
    }

    /// <summary>
    /// The listener's queue with Celery's times. Nobody else declares it, so that it need not be Celery's auto-delete queue: it is found again after a lost connection,
    /// deleted at the end, and expires where this process dies. Durable, because RabbitMQ 4 deprecates other queues that are not exclusive; what is in it is not kept.
    /// </summary>
    private QueueDeclaration Queue()
    {
        var can = _transport.Capabilities;
        if (!can.QueueExpiry)
        {
            // Nobody would ever delete the queue of a process that was killed: the next listener of this machine takes it over.
            _slot ??= ReplyQueueSlot.Take(_transport.Name, "events");
            _queue = _slot.Queue;
        }
        return new QueueDeclaration(_queue)
        {
            Expires = can.QueueExpiry ? s_queueExpires : null,
            MessageTimeToLive = can.MessageExpiry ? s_longestInQueue : null,
        };
    }

    private async ValueTask LeaveAsync()
    {
        if (_subscription is not { } subscription)
        {
            return;
        }
        try
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
            if (_transport.Health.State == ConnectionState.Connected)
            {
                await _transport.DeleteQueueAsync(_queue, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is TransportException or ObjectDisposedException)
        {
            Log.EventQueueLeft(_log, error, _queue);
        }
    }
}
