using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Brokers;

/// <summary>
/// Declaring, deleting and looking for queues with nothing but STOMP. The plug-in declares the queue of a SEND to <c>/queue/…</c>
/// before it looks at the transaction, so a transaction that is aborted declares and sends nothing. A refusal closes the connection,
/// and comes after the receipt, so each of these has a connection of its own and asks once more before it believes.
/// </summary>
internal sealed class RabbitMqQueues(Func<CancellationToken, Task<StompClient>> open)
{
    private const string Transaction = "declare";
    private readonly ConcurrentDictionary<string, QueueDeclaration> _declared = new(StringComparer.Ordinal);

    /// <exception cref="TransportRefusedException">A queue exists with other properties.</exception>
    internal async Task DeclareAsync(IReadOnlyList<QueueDeclaration> queues, CancellationToken cancellationToken)
    {
        if (queues.Count == 0)
        {
            return;
        }
        var client = await open(cancellationToken).ConfigureAwait(false);
        await using (client.ConfigureAwait(false))
        {
            foreach (var queue in queues)
            {
                if (await RefusalOfAsync(client, queue.Name, HeadersOf(queue), cancellationToken).ConfigureAwait(false) is { } refusal)
                {
                    throw new TransportRefusedException(
                        $"Queue '{queue.Name}' cannot be declared: {refusal.Message} Declare it alike, or delete it first.", refusal);
                }
                _declared[queue.Name] = queue;
                if (queue.Expires is not null)
                {
                    await UseAsync(client, queue.Name, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>Asks for the queue as an exclusive one: where it exists RabbitMQ refuses, and where not, it is gone with this connection.</summary>
    internal async Task<bool> ExistsAsync(string queue, CancellationToken cancellationToken)
    {
        var client = await open(cancellationToken).ConfigureAwait(false);
        await using (client.ConfigureAwait(false))
        {
            StompHeaders exclusive = [new("durable", "false"), new("auto-delete", "true"), new("exclusive", "true")];
            return await RefusalOfAsync(client, queue, exclusive, cancellationToken).ConfigureAwait(false) is not null;
        }
    }

    /// <summary>Takes the queue for a durable topic subscription and ends that, which deletes its queue. RabbitMQ lets only those take it who name its properties.</summary>
    /// <exception cref="TransportRefusedException">The queue has other properties than this transport knows of.</exception>
    internal async Task DeleteAsync(string queue, CancellationToken cancellationToken)
    {
        var client = await open(cancellationToken).ConfigureAwait(false);
        await using (client.ConfigureAwait(false))
        {
            const string id = "delete";
            var destination = $"/topic/celeriac.deleting.{Guid.NewGuid():N}";
            var properties = _declared.GetValueOrDefault(queue) is { } declared ? ArgumentsOf(declared) : [];
            StompHeaders named = [new("durable", "true"), new("auto-delete", "false"), new("x-queue-name", queue), new("prefetch-count", "1"), .. properties];
            var subscription = new StompSubscriptionOptions { Id = id, Destination = destination, AckMode = StompAckMode.ClientIndividual, Headers = named };
            try
            {
                await client.SubscribeAsync(subscription, _ => { }, cancellationToken).ConfigureAwait(false);
                await client.UnsubscribeAsync(id, [new("destination", destination), .. named], cancellationToken).ConfigureAwait(false);
            }
            catch (StompException error) when ((error as StompErrorException ?? error.InnerException as StompErrorException) is { } refusal)
            {
                throw new TransportRefusedException(
                    $"Queue '{queue}' cannot be deleted: {refusal.Message} Over STOMP only a queue can be deleted whose properties are known: declare it alike first, or delete it with rabbitmqctl.", error);
            }
            _declared.TryRemove(queue, out _);
        }
    }

    /// <summary>The plug-in's declaration does not count as use of a queue that expires; a consumer does. What it is sent goes back with the connection.</summary>
    private static Task UseAsync(StompClient client, string queue, CancellationToken cancellationToken) => client.SubscribeAsync(
        new StompSubscriptionOptions
        {
            Id = queue, Destination = Destinations.RabbitMq(queue), AckMode = StompAckMode.ClientIndividual, Headers = [new("prefetch-count", "1")],
        },
        _ => { }, cancellationToken);

    private static async Task<StompErrorException?> RefusalOfAsync(StompClient client, string queue, StompHeaders properties, CancellationToken cancellationToken)
    {
        try
        {
            await client.RequestAsync(
            [
                StompFrames.Begin(Transaction),
                StompFrames.Send(Destinations.RabbitMqDeclaring(queue), ReadOnlyMemory<byte>.Empty, properties, Transaction),
                StompFrames.Abort(Transaction),
            ], cancellationToken).ConfigureAwait(false);
            await client.EchoAsync("declared", cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (StompErrorException error)
        {
            return error;
        }
        catch (StompConnectionException)
        {
            // The refusal may have ended the connection before the next frame was written.
            if (await client.Lost.WaitAsync(cancellationToken).ConfigureAwait(false) is StompErrorException refusal)
            {
                return refusal;
            }
            throw;
        }
    }

    private static StompHeaders HeadersOf(QueueDeclaration queue)
    {
        List<KeyValuePair<string, string>> headers =
        [
            new("durable", queue.Durable ? "true" : "false"), new("auto-delete", "false"), new("exclusive", "false"), .. ArgumentsOf(queue),
        ];
        return StompHeaders.Create(CollectionsMarshal.AsSpan(headers));
    }

    private static List<KeyValuePair<string, string>> ArgumentsOf(QueueDeclaration queue)
    {
        var headers = new List<KeyValuePair<string, string>>();
        Add(headers, "x-expires", Milliseconds(queue.Expires));
        Add(headers, "x-message-ttl", Milliseconds(queue.MessageTimeToLive));
        Add(headers, "x-max-priority", queue.MaxPriority is { } priority and > 0 ? priority.ToString(CultureInfo.InvariantCulture) : null);
        Add(headers, "x-dead-letter-exchange", queue.DeadLetterExchange);
        Add(headers, "x-dead-letter-routing-key", queue.DeadLetterRoutingKey);
        return headers;
    }

    private static void Add(List<KeyValuePair<string, string>> headers, string name, string? value)
    {
        if (value is not null)
        {
            headers.Add(new(name, value));
        }
    }

    private static string? Milliseconds(TimeSpan? time) => time is { } span ? ((long)span.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) : null;
}
