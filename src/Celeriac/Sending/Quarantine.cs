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

    private readonly TaskClient _client;
    private readonly QuarantineVisit _visit;

    /// <summary>The quarantine of a queue.</summary>
    /// <param name="client">Whose broker.</param>
    /// <param name="queue">The task queue; null for the client's default queue.</param>
    public Quarantine(TaskClient client, string? queue = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        _client = client;
        Queue = queue ?? client.DefaultQueue;
        QuarantineQueue = TaskQueues.QuarantineOf(Queue);
        _visit = new QuarantineVisit(client, Queue);
    }

    /// <summary>The task queue.</summary>
    public string Queue { get; }

    /// <summary>The queue that keeps its messages.</summary>
    public string QuarantineQueue { get; }

    /// <summary>The messages, oldest first.</summary>
    /// <param name="limit">The most to answer.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="TransportException">The broker cannot be reached or refuses.</exception>
    public async ValueTask<IReadOnlyList<QuarantinedMessage>> ListAsync(int limit = 100, CancellationToken cancellationToken = default) =>
        (await ListAsync(QuarantineFilter.Everything, limit, cancellationToken).ConfigureAwait(false)).Messages;

    /// <summary>The first messages that fit, oldest first, and whether some could not be looked at.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">The most to answer.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="TransportException">The broker cannot be reached or refuses.</exception>
    public async ValueTask<QuarantineListing> ListAsync(QuarantineFilter filter, int limit = 100, CancellationToken cancellationToken = default)
    {
        Require(filter, limit);
        var messages = new List<QuarantinedMessage>();
        // What comes first is all that is asked for: no more is taken than that.
        var most = filter == QuarantineFilter.Everything ? limit : MaximumMessages;
        var unseen = await _visit.RunAsync(most, (_, message) =>
        {
            if (filter.Matches(message))
            {
                messages.Add(message);
            }
            return ValueTask.FromResult(messages.Count < limit);
        }, cancellationToken).ConfigureAwait(false);
        return new QuarantineListing(messages, unseen);
    }

    /// <summary>How many messages there are of each reason. Looks at each.</summary>
    /// <param name="filter">Which; null, the default, for all.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="TransportException">The broker cannot be reached or refuses.</exception>
    public async ValueTask<QuarantineCounts> CountAsync(QuarantineFilter? filter = null, CancellationToken cancellationToken = default)
    {
        var byReason = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var unseen = await _visit.RunAsync(MaximumMessages, (_, message) =>
        {
            if (filter?.Matches(message) != false)
            {
                byReason[message.Reason] = byReason.GetValueOrDefault(message.Reason) + 1;
            }
            return ValueTask.FromResult(true);
        }, cancellationToken).ConfigureAwait(false);
        return new QuarantineCounts(byReason, unseen);
    }

    /// <summary>The oldest message with that <see cref="QuarantinedMessage.Id"/>, or null.</summary>
    /// <inheritdoc cref="ListAsync(int, CancellationToken)"/>
    public async ValueTask<QuarantinedMessage?> FindAsync(string id, CancellationToken cancellationToken = default) =>
        (await ListAsync(WithId(id), 1, cancellationToken).ConfigureAwait(false)).Messages is [var found, ..] ? found : null;

    /// <summary>
    /// Sends the oldest message with that id to its queue again and takes it out of the quarantine, as one step. Answers whether it was sent: false where it is not there
    /// or has expired.
    /// </summary>
    /// <inheritdoc cref="ListAsync(int, CancellationToken)"/>
    public async ValueTask<bool> RetryAsync(string id, CancellationToken cancellationToken = default) =>
        (await RetryAsync(WithId(id), 1, null, cancellationToken).ConfigureAwait(false)).Count > 0;

    /// <summary>
    /// Sends the first messages that fit to their queue again, with id, arguments and options as they came, and takes them out of the quarantine, each as one step.
    /// They begin with no retries; <paramref name="retry"/> can say otherwise. What has expired stays.
    /// </summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">The most to send.</param>
    /// <param name="retry">How; null, the default, for the defaults of <see cref="QuarantineRetry"/>.</param>
    /// <param name="cancellationToken">Ends the work; what was sent stays sent.</param>
    /// <exception cref="TransportException">The broker cannot be reached or refuses.</exception>
    public async ValueTask<QuarantineChange> RetryAsync(
        QuarantineFilter filter, int limit = MaximumMessages, QuarantineRetry? retry = null, CancellationToken cancellationToken = default)
    {
        Require(filter, limit);
        retry ??= new QuarantineRetry();
        var (count, expired) = (0, 0);
        var sent = new Dictionary<string, int>(StringComparer.Ordinal);
        var unseen = await _visit.RunAsync(MaximumMessages, async (delivery, message) =>
        {
            // One that was sent a moment ago and has failed again is not sent a second time: the call would never end.
            if (!filter.Matches(message) || (sent.TryGetValue(message.Id, out var before) && message.Count > before))
            {
                return true;
            }
            if (!retry.IgnoreExpires && message.Expires <= _client.Time.GetUtcNow())
            {
                expired++;
                return true;
            }
            sent[message.Id] = message.Count;
            count += await SendAsync(delivery, message, retry, cancellationToken).ConfigureAwait(false) ? 1 : 0;
            return count < limit;
        }, cancellationToken).ConfigureAwait(false);
        return new QuarantineChange(count, expired, unseen);
    }

    /// <summary>Sends every message that is here now to its queue again, but for those that have expired; answers how many.</summary>
    /// <inheritdoc cref="ListAsync(int, CancellationToken)"/>
    public async ValueTask<int> RetryAllAsync(CancellationToken cancellationToken = default) =>
        (await RetryAsync(QuarantineFilter.Everything, cancellationToken: cancellationToken).ConfigureAwait(false)).Count;

    /// <summary>Deletes the oldest message with that id for good. Answers whether it was there.</summary>
    /// <inheritdoc cref="ListAsync(int, CancellationToken)"/>
    public async ValueTask<bool> DeleteAsync(string id, CancellationToken cancellationToken = default) =>
        (await DeleteAsync(WithId(id), 1, cancellationToken).ConfigureAwait(false)).Count > 0;

    /// <summary>Deletes the first messages that fit for good.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">The most to delete.</param>
    /// <param name="cancellationToken">Ends the work; what was deleted stays deleted.</param>
    /// <exception cref="TransportException">The broker cannot be reached or refuses.</exception>
    public async ValueTask<QuarantineChange> DeleteAsync(QuarantineFilter filter, int limit = MaximumMessages, CancellationToken cancellationToken = default)
    {
        Require(filter, limit);
        var count = 0;
        var unseen = await _visit.RunAsync(MaximumMessages, async (delivery, message) =>
        {
            if (filter.Matches(message))
            {
                count += await delivery.AckAsync(cancellationToken).ConfigureAwait(false) == CompletionStatus.Applied ? 1 : 0;
            }
            return count < limit;
        }, cancellationToken).ConfigureAwait(false);
        return new QuarantineChange(count, 0, unseen);
    }

    /// <summary>Deletes every message for good; answers how many.</summary>
    /// <inheritdoc cref="ListAsync(int, CancellationToken)"/>
    public async ValueTask<long> DeleteAllAsync(CancellationToken cancellationToken = default) =>
        await _visit.IsEmptyAsync(cancellationToken).ConfigureAwait(false)
            ? 0
            : await _client.Transport.PurgeAsync(QuarantineQueue, cancellationToken).ConfigureAwait(false);

    private async ValueTask<bool> SendAsync(Delivery delivery, QuarantinedMessage message, QuarantineRetry retry, CancellationToken cancellationToken)
    {
        await _client.Queues.EnsureAsync(message.Queue, cancellationToken).ConfigureAwait(false);
        var completion = new Completion(delivery, Settlement.Ack) { FollowUps = [Publication.ToQueue(message.Queue, message.Again(retry))] };
        return await delivery.CompleteAsync(completion, cancellationToken).ConfigureAwait(false) == CompletionStatus.Applied;
    }

    private static QuarantineFilter WithId(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return new QuarantineFilter { Ids = [id] };
    }

    private static void Require(QuarantineFilter filter, int limit)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
    }
}
