using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Microsoft.Extensions.Logging;

namespace Celeriac.Results;

/// <summary>
/// Results as replies (Celery's <c>rpc://</c>): the worker sends the result to the queue that the task's <c>reply_to</c> names.
/// One reply consumer a client, started by the first call that wants a result; a reply is acknowledged after its waiter has the value.
/// Only the sending process can wait for a result.
/// </summary>
internal sealed class ReplyResultStore(ITransport transport, TimeSpan expires, TimeProvider time, ILoggerFactory logs) : IResultStore
{
    // Bounds what a client remembers of tasks whose result it has never asked for.
    private const int MostRemembered = 100_000;
    private readonly ILogger _log = logs.CreateLogger("Celeriac.Results");
    private string _queue = $"celeriac.reply.{Guid.CreateVersion7(time.GetUtcNow())}";
    private ReplyQueueSlot? _slot;
    private readonly RememberedReplies _replies = new(MostRemembered);
    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private ISubscription? _subscription;
    private Task _receiving = Task.CompletedTask;

    public async ValueTask<string?> PrepareAsync(string taskId, CancellationToken cancellationToken = default)
    {
        await EnsureReceivingAsync(cancellationToken).ConfigureAwait(false);
        // Before the publish: the reply may be here before the publish has returned.
        _replies.Expect(taskId);
        return _queue;
    }

    public ValueTask<ResultRecord?> ReadAsync(string taskId, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(_replies.Find(taskId)?.Latest);

    public async ValueTask<ResultRecord> WaitAsync(string taskId, CancellationToken cancellationToken = default)
    {
        var reply = _replies.Find(taskId) ?? throw new InvalidOperationException(
            $"The result of task '{taskId}' cannot be awaited here: with rpc:// results go to the process that sent the task. Wait there, or set result_backend to a store such as sqlite://results.db.");
        return await reply.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
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
        await _closing.CancelAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_subscription is not null)
        {
            await _subscription.DisposeAsync().ConfigureAwait(false);
            await DeleteAsync().ConfigureAwait(false);
        }
        _slot?.Dispose();
        _replies.FailAll(new ObjectDisposedException(nameof(IResultStore), "The client was closed while a result was awaited."));
        _closing.Dispose();
        _starting.Dispose();
    }

    // Not mandatory: a client that has gone is no error. Persistent, unlike Celery's default (result_persistent): the task is acknowledged
    // when the broker has its reply, and a transient one would be lost with a restart of the broker, and with it the result.
    private static Publication ReplyOf(ResultRecord record, string replyTo) => new(
        new Message
        {
            Body = ResultCodec.Encode(record),
            ContentType = "application/json",
            ContentEncoding = "utf-8",
            CorrelationId = record.TaskId,
            Persistent = true,
        }, "", replyTo);

    private async ValueTask EnsureReceivingAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _subscription) is not null)
        {
            return;
        }
        await _starting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_subscription is null)
            {
                await DeclareAsync(cancellationToken).ConfigureAwait(false);
                var subscription = await transport.SubscribeAsync(new SubscriptionOptions([_queue], 100), cancellationToken).ConfigureAwait(false);
                _receiving = ReceiveAsync(subscription);
                Volatile.Write(ref _subscription, subscription);
            }
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>Durable and not deleted with its consumer: a reconnect finds it again with the replies that came meanwhile.</summary>
    private async ValueTask DeclareAsync(CancellationToken cancellationToken)
    {
        await transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
        var queue = new QueueDeclaration(_queue) { Expires = expires > TimeSpan.Zero ? expires : TimeSpan.FromDays(1) };
        if (!transport.Capabilities.QueueExpiry)
        {
            // Nobody would ever delete the queue of a process that was killed: the next process of this machine takes it over.
            _slot ??= ReplyQueueSlot.Take(transport.Name);
            _queue = _slot.Queue;
            queue = new QueueDeclaration(_queue);
        }
        await transport.DeclareAsync(new Topology { Queues = [queue] }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closing a client does not fail because its broker cannot be reached: the queue expires, or the next process takes it over.</summary>
    private async ValueTask DeleteAsync()
    {
        try
        {
            await transport.DeleteQueueAsync(_queue, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TransportException error)
        {
            Log.ReplyQueueNotDeleted(_log, error, _queue);
        }
    }

    private async Task ReceiveAsync(ISubscription subscription)
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                if (await subscription.ReceiveAsync(_closing.Token).ConfigureAwait(false) is not { } delivery)
                {
                    return;
                }
                if (ResultCodec.TryDecode(delivery.Message.Body, out var record))
                {
                    _replies.Complete(record);
                }
                else
                {
                    Log.ReplyUnreadable(_log, delivery.Message.CorrelationId ?? "(none)");
                }
                await delivery.AckAsync(_closing.Token).ConfigureAwait(false);
            }
            catch (Exception) when (_closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Log.ResultsUnreadable(_log, error);
                await Task.Delay(TimeSpan.FromMilliseconds(250), time).ConfigureAwait(false);
            }
        }
    }
}
