using Celeriac.Messaging;
using Celeriac.Sending;

namespace Celeriac;

/// <summary>
/// The messages of one queue that could not run, kept in the durable queue <c>&lt;queue&gt;.quarantine</c>: look at them, send them again, delete them.
/// Looking takes the messages for a moment and gives them back untouched, so two programs that look at once may each see a part.
/// Works on every transport.
/// </summary>
public sealed class Quarantine
{
    /// <summary>The most messages that one call can look at.</summary>
    public const int MaximumMessages = 65_535;

    // Between counting and receiving somebody else may have taken a message; then there is nothing more to wait for.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(3);
    private readonly TaskClient _client;

    /// <summary>The quarantine of a queue.</summary>
    /// <param name="client">Whose broker.</param>
    /// <param name="queue">The task queue; null for the client's default queue.</param>
    public Quarantine(TaskClient client, string? queue = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        _client = client;
        Queue = queue ?? client.DefaultQueue;
        QuarantineQueue = TaskQueues.QuarantineOf(Queue);
    }

    /// <summary>The task queue.</summary>
    public string Queue { get; }

    /// <summary>The queue that keeps its messages.</summary>
    public string QuarantineQueue { get; }

    /// <summary>The messages, oldest first.</summary>
    /// <param name="limit">The most to answer.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="TransportException">The broker cannot be reached or refuses.</exception>
    public async ValueTask<IReadOnlyList<QuarantinedMessage>> ListAsync(int limit = 100, CancellationToken cancellationToken = default)
    {
        var messages = new List<QuarantinedMessage>();
        await VisitAsync(limit, (_, message) =>
        {
            messages.Add(message);
            return ValueTask.FromResult(true);
        }, cancellationToken).ConfigureAwait(false);
        return messages;
    }

    /// <summary>The oldest message with that <see cref="QuarantinedMessage.Id"/>, or null.</summary>
    /// <inheritdoc cref="ListAsync"/>
    public async ValueTask<QuarantinedMessage?> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        QuarantinedMessage? found = null;
        await VisitAsync(MaximumMessages, (_, message) =>
        {
            found = message.Id == id ? message : null;
            return ValueTask.FromResult(found is null);
        }, cancellationToken).ConfigureAwait(false);
        return found;
    }

    /// <summary>Sends the oldest message with that id to its queue again and takes it out of the quarantine, as one step. Answers whether it was there.</summary>
    /// <inheritdoc cref="ListAsync"/>
    public ValueTask<bool> RetryAsync(string id, CancellationToken cancellationToken = default) => SettleAsync(id, RetryAsync, cancellationToken);

    /// <summary>Sends every message that is here now to its queue again; answers how many.</summary>
    /// <inheritdoc cref="ListAsync"/>
    public async ValueTask<int> RetryAllAsync(CancellationToken cancellationToken = default)
    {
        var retried = 0;
        await VisitAsync(MaximumMessages, async (delivery, message) =>
        {
            retried += await RetryAsync(delivery, message, cancellationToken).ConfigureAwait(false) ? 1 : 0;
            return true;
        }, cancellationToken).ConfigureAwait(false);
        return retried;
    }

    /// <summary>Deletes the oldest message with that id for good. Answers whether it was there.</summary>
    /// <inheritdoc cref="ListAsync"/>
    public ValueTask<bool> DeleteAsync(string id, CancellationToken cancellationToken = default) =>
        SettleAsync(id, static async (delivery, _, token) => await delivery.AckAsync(token).ConfigureAwait(false) == CompletionStatus.Applied, cancellationToken);

    /// <summary>Deletes every message for good; answers how many.</summary>
    /// <inheritdoc cref="ListAsync"/>
    public async ValueTask<long> DeleteAllAsync(CancellationToken cancellationToken = default) =>
        await ReadyAsync(cancellationToken).ConfigureAwait(false) == 0
            ? 0
            : await _client.Transport.PurgeAsync(QuarantineQueue, cancellationToken).ConfigureAwait(false);

    private async ValueTask<bool> SettleAsync(string id, Func<Delivery, QuarantinedMessage, CancellationToken, ValueTask<bool>> settle, CancellationToken cancellationToken)
    {
        var settled = false;
        await VisitAsync(MaximumMessages, async (delivery, message) =>
        {
            settled = message.Id == id && await settle(delivery, message, cancellationToken).ConfigureAwait(false);
            return !settled;
        }, cancellationToken).ConfigureAwait(false);
        return settled;
    }

    private async ValueTask<bool> RetryAsync(Delivery delivery, QuarantinedMessage message, CancellationToken cancellationToken)
    {
        await _client.Queues.EnsureAsync(message.Queue, cancellationToken).ConfigureAwait(false);
        var completion = new Completion(delivery, Settlement.Ack) { FollowUps = [Publication.ToQueue(message.Queue, message.Message)] };
        return await delivery.CompleteAsync(completion, cancellationToken).ConfigureAwait(false) == CompletionStatus.Applied;
    }

    /// <summary>How many messages may be ready; where the broker does not count, as many as there is room for.</summary>
    private async ValueTask<long> ReadyAsync(CancellationToken cancellationToken)
    {
        await _client.Transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
        if (_client.Transport.Capabilities.Counts)
        {
            var counts = await _client.Transport.CountAsync(QuarantineQueue, cancellationToken).ConfigureAwait(false);
            return counts is { IsLowerBound: true } ? long.MaxValue : counts?.Ready ?? 0;
        }
        await _client.Queues.EnsureQuarantineAsync(Queue, cancellationToken).ConfigureAwait(false);
        return long.MaxValue;
    }

    /// <summary>Shows the messages that are ready now, until the visitor answers false; what it has not settled goes back untouched.</summary>
    private async ValueTask VisitAsync(int limit, Func<Delivery, QuarantinedMessage, ValueTask<bool>> visit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        var ready = (int)Math.Min(await ReadyAsync(cancellationToken).ConfigureAwait(false), Math.Min(limit, MaximumMessages));
        if (ready == 0)
        {
            return;
        }
        var subscription = await _client.Transport.SubscribeAsync(new SubscriptionOptions([QuarantineQueue], ready) { ConsumerName = "quarantine" }, cancellationToken).ConfigureAwait(false);
        await using (subscription.ConfigureAwait(false))
        {
            for (var count = 0; count < ready; count++)
            {
                if (await ReceiveAsync(subscription, cancellationToken).ConfigureAwait(false) is not { } delivery
                    || !await visit(delivery, QuarantinedMessage.Of(delivery, Queue)).ConfigureAwait(false))
                {
                    return;
                }
            }
        }
    }

    private static async ValueTask<Delivery?> ReceiveAsync(ISubscription subscription, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ending.CancelAfter(s_longestWait);
        try
        {
            return await subscription.ReceiveAsync(ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
