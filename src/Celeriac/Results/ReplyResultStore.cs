using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;
using Celeriac.Protocol;
using Microsoft.Extensions.Logging;

namespace Celeriac.Results;

/// <summary>
/// Results as replies (Celery's <c>rpc://</c>): the worker sends the result to the queue that the task's <c>reply_to</c> names.
/// One reply consumer a client, started by the first call that wants a result; a reply is acknowledged a moment after its waiter has the value.
/// Only the sending process can wait for a result.
/// </summary>
internal sealed class ReplyResultStore(ITransport transport, ResultContents contents, TimeSpan expires, TimeProvider time, ILoggerFactory logs) : IResultStore
{
    // Bounds what a client remembers of tasks whose result it has never asked for.
    private const int MostRemembered = 100_000;
    // A result that was awaited can be looked at again for as long as these are not newer.
    private const int MostTaken = 1_000;
    private static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromSeconds(10);
    private readonly ILogger _log = logs.CreateLogger("Celeriac.Results");
    private string _queue = $"celeriac.reply.{Guid.CreateVersion7(time.GetUtcNow())}";
    private ReplyQueueSlot? _slot;
    private readonly RememberedReplies _replies = new(MostRemembered, MostTaken, expires, time);
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closing = new();
    private Task? _starting;
    private bool _isDisposed;
    private ISubscription? _subscription;
    private ReplyAcknowledgements? _acknowledgements;
    private Task _receiving = Task.CompletedTask;

    /// <summary>A reply is not on the disk of the broker, and nobody sends it again.</summary>
    public bool MayLoseResults => true;

    public async ValueTask<string?> PrepareAsync(string taskId, CancellationToken cancellationToken = default)
    {
        await EnsureReceivingAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        // Before the publish: the reply may be here before the publish has returned.
        _replies.Expect(taskId);
        return _queue;
    }

    public ValueTask<ResultRecord?> ReadAsync(string taskId, CancellationToken cancellationToken = default) =>
        _replies.Find(taskId) is not { } reply ? ValueTask.FromResult<ResultRecord?>(null)
        : reply.Refused is { } refused ? ValueTask.FromException<ResultRecord?>(refused)
        : ValueTask.FromResult(reply.Latest);

    public async ValueTask<ResultRecord> WaitAsync(string taskId, CancellationToken cancellationToken = default)
    {
        var reply = _replies.Find(taskId) ?? throw new InvalidOperationException(
            $"The result of task '{taskId}' cannot be awaited here: with rpc:// results go to the client that sent the task, which keeps them only for a while after they were awaited. Wait there, or set result_backend to a store such as sqlite://results.db.");
        var record = await reply.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        _replies.Taken(reply);
        return record;
    }

    public ResultAttachment? Attach(ITransport from, ResultRecord record, string? replyTo)
    {
        if (string.IsNullOrEmpty(replyTo))
        {
            return new ResultAttachment(null, null);
        }
        return ReferenceEquals(from, transport) ? new ResultAttachment(null, ReplyOf(record, replyTo)) : null;
    }

    public async ValueTask WriteAsync(ResultRecord record, string? replyTo, CancellationToken cancellationToken = default)
    {
        if (!string.IsNullOrEmpty(replyTo))
        {
            await transport.PublishAsync(ReplyOf(record, replyTo), cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask ForgetAsync(string taskId, CancellationToken cancellationToken = default)
    {
        _replies.Forget(taskId);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        Task? starting;
        lock (_lock)
        {
            _isDisposed = true;
            starting = _starting;
        }
        await _closing.CancelAsync().ConfigureAwait(false);
        if (starting is not null)
        {
            await starting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _acknowledgements?.Dispose();
        await LeaveAsync().ConfigureAwait(false);
        _slot?.Dispose();
        _replies.FailAll(Closed());
        _closing.Dispose();
    }

    /// <summary>Deletes the queue. Where the broker is away it stays: it expires there, or its name is used again.</summary>
    private async Task LeaveAsync()
    {
        if (_subscription is null)
        {
            return;
        }
        try
        {
            await _subscription.DisposeAsync().ConfigureAwait(false);
            if (transport.Health.State == ConnectionState.Connected)
            {
                await transport.DeleteQueueAsync(_queue, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (TransportException error)
        {
            Log.ReplyQueueLeft(_log, error, _queue);
        }
    }

    private static ObjectDisposedException Closed() => new(nameof(IResultStore), "The client was closed while a result was awaited.");

    /// <summary>Whether replies survive a restart of the broker (<see cref="CeleriacOptions.ResultPersistent"/>).</summary>
    public bool ArePersistent { get; init; } = true;

    // Not mandatory: a client that has gone is no error.
    private Publication ReplyOf(ResultRecord record, string replyTo) => new(
        new Message
        {
            Body = ResultCodec.Encode(record),
            ContentType = "application/json",
            ContentEncoding = "utf-8",
            CorrelationId = record.TaskId,
            Persistent = ArePersistent,
        }, "", replyTo);

    /// <summary>Ends once replies are received. All first calls share one try, and its failure: a broker that is away costs each the same time.</summary>
    private Task EnsureReceivingAsync()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_starting is null || _starting.IsFaulted)
            {
                _starting = StartAsync();
            }
            return _starting;
        }
    }

    private async Task StartAsync()
    {
        // Not under the lock of the caller.
        await Task.Yield();
        _acknowledgements ??= new ReplyAcknowledgements(time, _log, _closing.Token);
        _subscription = await SubscribeAsync().ConfigureAwait(false);
        _receiving = ReceiveAsync();
    }

    /// <summary>Durable and not deleted with its consumer: a reconnect finds it again with the replies that came meanwhile.</summary>
    private async Task<ISubscription> SubscribeAsync()
    {
        await transport.ConnectPatientlyAsync().ConfigureAwait(false);
        var queue = new QueueDeclaration(_queue) { Expires = expires > TimeSpan.Zero ? expires : TimeSpan.FromDays(1) };
        if (!transport.Capabilities.QueueExpiry)
        {
            // Nobody would ever delete the queue of a process that was killed: the next process of this machine takes it over.
            _slot ??= ReplyQueueSlot.Take(transport.Name);
            _queue = _slot.Queue;
            queue = new QueueDeclaration(_queue);
        }
        await transport.DeclareAsync(new Topology { Queues = [queue] }, CancellationToken.None).ConfigureAwait(false);
        return await transport.SubscribeAsync(new SubscriptionOptions([_queue], 4 * ReplyAcknowledgements.Most), CancellationToken.None).ConfigureAwait(false);
    }

    private async Task ReceiveAsync()
    {
        var delay = s_firstDelay;
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                if (await _subscription!.ReceiveAsync(_closing.Token).ConfigureAwait(false) is not { } delivery)
                {
                    return;
                }
                Take(delivery);
                delay = s_firstDelay;
            }
            catch (Exception) when (_closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Log.ResultsUnreadable(_log, error);
                await Task.Delay(delay, time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                delay = delay * 2 < s_longestDelay ? delay * 2 : s_longestDelay;
                if (error is TransportRefusedException)
                {
                    await SubscribeAgainAsync().ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>The waiter has the value before the reply is acknowledged.</summary>
    private void Take(Delivery delivery)
    {
        if (!TryTake(delivery.Message))
        {
            Log.ReplyUnreadable(_log, TaskMessageDecoder.Shown(delivery.Message.CorrelationId ?? "(none)"));
        }
        _acknowledgements!.Add(delivery);
    }

    private bool TryTake(Message reply)
    {
        try
        {
            if (!contents.TryRead(reply, out var record))
            {
                return false;
            }
            _replies.Complete(record);
            return true;
        }
        catch (ContentException error)
        {
            // Whoever waits must not wait for ever: no later reply of that task will be in another format.
            return reply.CorrelationId is { } taskId && _replies.Refuse(taskId, error);
        }
    }

    /// <summary>Somebody has deleted the queue: it is declared anew, so that replies that are still to come arrive.</summary>
    private async Task SubscribeAgainAsync()
    {
        try
        {
            var gone = _subscription!;
            _subscription = await SubscribeAsync().ConfigureAwait(false);
            await gone.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // The refused subscription refuses again, and brings the loop back here.
            Log.ResultsUnreadable(_log, error);
        }
    }
}
