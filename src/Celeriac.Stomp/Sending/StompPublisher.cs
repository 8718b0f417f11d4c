using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;

namespace Celeriac.Stomp.Sending;

/// <summary>Publishes: checks, routes, hands over to the sender, and sends again on the next connection what was not confirmed on the last.</summary>
internal sealed class StompPublisher(Reconnecting<StompConnection> connections, TimeSpan publishTimeout, string name, TimeProvider time)
{
    // Frames of one work share a transaction: a long list is several.
    private const int MostTogether = 200;

    /// <inheritdoc cref="ITransport.PublishAsync"/>
    internal async Task PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (publications.IsEmpty)
        {
            return;
        }
        using var limit = new CancellationTokenSource(publishTimeout, time);
        var attempt = new Attempt();
        // Goes on when the caller stops waiting: a message that is half on its way cannot be called back.
        var publishing = PublishUntilConfirmedAsync(publications, attempt, limit.Token);
        await WaitAsync(publishing, attempt, publications.Span[0].Message.CorrelationId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The frames of publications, each for one of the queues it reaches. Answers what cannot be published by its index.</summary>
    internal static async Task<(List<StompFrame> Delayed, List<StompFrame> Sends, List<(int Index, Exception Error)> Failures)> EncodeAsync(
        StompConnection connection, ReadOnlyMemory<Publication> publications, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (delayed, sends) = (new List<StompFrame>(), new List<StompFrame>());
        var failures = new List<(int, Exception)>();
        for (var index = 0; index < publications.Length; index++)
        {
            var publication = publications.Span[index];
            try
            {
                var frames = await FramesOfAsync(connection, publication, now, cancellationToken).ConfigureAwait(false);
                (publication.Due > now ? delayed : sends).AddRange(frames);
            }
            catch (TransportRefusedException error)
            {
                failures.Add((index, error));
            }
        }
        return (delayed, sends, failures);
    }

    private static async Task<IReadOnlyList<StompFrame>> FramesOfAsync(StompConnection connection, Publication publication, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (broker, can) = (connection.Broker, connection.Broker.Capabilities);
        broker.Require(publication, now);
        if (publication.Message.Body.Length > can.MaxBodyBytes)
        {
            throw new TransportRefusedException(
                $"The message for '{publication.RoutingKey}' has a body of {publication.Message.Body.Length} bytes, but the largest allowed is {can.MaxBodyBytes}. Store it elsewhere and send a reference, or raise max_body.");
        }
        var queues = await broker.RouteAsync(publication, cancellationToken).ConfigureAwait(false);
        if (queues is not { Count: > 0 })
        {
            return publication.Mandatory ? throw new UnroutableException(publication.Exchange, publication.RoutingKey) : [];
        }
        return [.. queues.Select(queue => broker.FrameOf(publication, queue, now))];
    }

    private async Task PublishUntilConfirmedAsync(ReadOnlyMemory<Publication> publications, Attempt attempt, CancellationToken limit)
    {
        while (true)
        {
            var (connection, _) = await connections.GetAsync(limit).ConfigureAwait(false);
            try
            {
                await PublishOnAsync(connection, publications, attempt, limit).ConfigureAwait(false);
                return;
            }
            catch (StompConnectionException)
            {
                // Unconfirmed: again on the next connection, with the same ids. The wait for that connection has the same limit.
                await connection.Lost.WaitAsync(limit).ConfigureAwait(false);
            }
        }
    }

    private async Task PublishOnAsync(StompConnection connection, ReadOnlyMemory<Publication> publications, Attempt attempt, CancellationToken limit)
    {
        var (delayed, sends, failures) = await EncodeAsync(connection, publications, time.GetUtcNow(), limit).ConfigureAwait(false);
        var works = new List<StompWork>();
        foreach (var frames in delayed.Chunk(MostTogether))
        {
            works.Add(new StompWork(frames, [], []));
        }
        foreach (var frames in sends.Chunk(MostTogether))
        {
            works.Add(new StompWork([], frames, []));
        }
        foreach (var work in works)
        {
            if (!attempt.TryBegin())
            {
                // The caller has been told that nothing was sent.
                throw new OperationCanceledException(limit);
            }
            await connection.Sender.HandInAsync(work, limit).ConfigureAwait(false);
        }
        try
        {
            await Task.WhenAll(works.Select(work => work.Done)).ConfigureAwait(false);
        }
        catch (StompException error) when (error is not StompConnectionException)
        {
            throw StompFailures.Translate(error, name);
        }
        if (failures.Count > 0)
        {
            throw publications.Length == 1 ? failures[0].Error : new PublishException(failures, publications.Length);
        }
    }

    private async Task WaitAsync(Task publishing, Attempt attempt, string? id, CancellationToken cancellationToken)
    {
        try
        {
            // A little longer than the limit inside, which words the failure.
            await publishing.WaitAsync(publishTimeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TimeoutException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            if (publishing.IsCompletedSuccessfully)
            {
                return;
            }
            throw attempt.TryGiveUp()
                ? connections.NotConnected()
                : new PublishUnknownException(
                    $"The outcome of publishing message '{id ?? "(no id)"}' is unknown: '{name}' did not confirm within {publishTimeout.TotalSeconds:0.###} s. It may have arrived; look before you send it again, or raise publish_timeout.", id, error);
        }
    }

    /// <summary>Either something was handed over, or the caller was told that nothing was: never both.</summary>
    private sealed class Attempt
    {
        private const int Begun = 1;
        private const int GivenUp = 2;
        private int _state;

        public bool TryBegin() => Interlocked.CompareExchange(ref _state, Begun, 0) != GivenUp;

        public bool TryGiveUp() => Interlocked.CompareExchange(ref _state, GivenUp, 0) != Begun;
    }
}
