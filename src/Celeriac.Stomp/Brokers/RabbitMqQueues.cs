using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Brokers;

/// <summary>
/// Declaring, deleting and looking for queues with nothing but STOMP. The plug-in declares the queue of a SEND to <c>/queue/…</c>
/// before it looks at the transaction, so a transaction that is aborted declares and sends nothing. A refusal closes the connection,
/// and comes after the receipt, so each of these has a connection of its own and asks once more before it believes. The end of that connection
/// may overtake the refusal on the network: what was asked is then asked again, which changes nothing.
/// </summary>
internal sealed partial class RabbitMqQueues(Func<CancellationToken, Task<StompClient>> open, TimeProvider time)
{
    private const string Transaction = "declare";
    private const int MostTries = 20;
    // Some five seconds: where many ask about one queue all the time, one of them holds it at most moments.
    private const int MostTriesWhileHeld = 100;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    /// <exception cref="TransportRefusedException">A queue exists with other properties.</exception>
    internal async Task DeclareAsync(IReadOnlyList<QueueDeclaration> queues, CancellationToken cancellationToken)
    {
        foreach (var queue in queues)
        {
            if (await RefusalOfDeclaringAsync(queue, cancellationToken).ConfigureAwait(false) is { } refusal)
            {
                throw new TransportRefusedException($"Queue '{queue.Name}' cannot be declared: {refusal.Message} Declare it alike, or delete it first.", refusal);
            }
        }
    }

    /// <summary>
    /// Asks for the queue as an exclusive one: where it exists RabbitMQ refuses, and where not, it is gone with this connection. Where another asks the same
    /// at the same moment, one of them may hear that it exists.
    /// </summary>
    internal async Task<bool> ExistsAsync(string queue, CancellationToken cancellationToken)
    {
        StompHeaders exclusive = [new("durable", "false"), new("auto-delete", "true"), new("exclusive", "true")];
        return await AskAsync(client => RefusalOfDeclaringAsync(client, queue, exclusive, cancellationToken), cancellationToken).ConfigureAwait(false) is not null;
    }

    private async Task<StompErrorException?> RefusalOfDeclaringAsync(QueueDeclaration queue, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var refusal = await AskAsync(client => RefusalOfDeclaringAsync(client, queue, cancellationToken), cancellationToken).ConfigureAwait(false);
            if (refusal is null || !RabbitMqErrors.MayPass(refusal) || tries == MostTriesWhileHeld)
            {
                return refusal;
            }
            // Somebody asks just now whether the queue exists, and holds it for that moment; chance keeps us out of step with who asks again and again.
            await Task.Delay(s_pause * (2 * Random.Shared.NextDouble()), time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<StompErrorException?> RefusalOfDeclaringAsync(StompClient client, QueueDeclaration queue, CancellationToken cancellationToken)
    {
        var refusal = await RefusalOfDeclaringAsync(client, queue.Name, HeadersOf(queue), cancellationToken).ConfigureAwait(false);
        if (refusal is null && queue.Expires is not null)
        {
            await UseAsync(client, queue.Name, cancellationToken).ConfigureAwait(false);
        }
        return refusal;
    }

    private async Task<StompErrorException?> AskAsync(Func<StompClient, Task<StompErrorException?>> ask, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                var client = await open(cancellationToken).ConfigureAwait(false);
                await using (client.ConfigureAwait(false))
                {
                    return await ask(client).ConfigureAwait(false);
                }
            }
            catch (StompConnectionException) when (tries < MostTries)
            {
                await Task.Delay(s_pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// Takes the queue for a durable topic subscription and ends that, which deletes its queue. Whoever takes a queue must name its arguments;
    /// RabbitMQ's refusal tells one that is missing.
    /// </summary>
    internal async Task DeleteAsync(string queue, CancellationToken cancellationToken)
    {
        var arguments = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await RefusalOfDeletingAsync(queue, arguments, cancellationToken).ConfigureAwait(false) is { } refusal)
        {
            var missing = MissingArgument().Match(refusal.Details);
            if (!missing.Success || !arguments.TryAdd(missing.Groups["name"].Value, missing.Groups["value"].Value))
            {
                throw refusal;
            }
        }
    }

    private async Task<StompErrorException?> RefusalOfDeletingAsync(string queue, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        const string id = "delete";
        var destination = $"/topic/celeriac.deleting.{Guid.NewGuid():N}";
        StompHeaders named = [new("durable", "true"), new("auto-delete", "false"), new("x-queue-name", queue), new("prefetch-count", "1"), .. arguments];
        var subscription = new StompSubscriptionOptions { Id = id, Destination = destination, AckMode = StompAckMode.ClientIndividual, Headers = named };
        return await AskAsync(
            client => RefusalOfAsync(client, async () =>
            {
                await client.SubscribeAsync(subscription, _ => { }, cancellationToken).ConfigureAwait(false);
                await client.UnsubscribeAsync(id, [new("destination", destination), .. named], cancellationToken).ConfigureAwait(false);
            }, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The plug-in's declaration does not count as use of a queue that expires; a consumer does. What it is sent goes back with the connection.</summary>
    private static Task UseAsync(StompClient client, string queue, CancellationToken cancellationToken) => client.SubscribeAsync(
        new StompSubscriptionOptions
        {
            Id = queue,
            Destination = Destinations.RabbitMq(queue),
            AckMode = StompAckMode.ClientIndividual,
            Headers = [new("prefetch-count", "1")],
        },
        _ => { }, cancellationToken);

    private static Task<StompErrorException?> RefusalOfDeclaringAsync(StompClient client, string queue, StompHeaders properties, CancellationToken cancellationToken) => RefusalOfAsync(
        client,
        () => client.RequestAsync(
        [
            StompFrames.Begin(Transaction),
            StompFrames.Send(Destinations.RabbitMqDeclaring(queue), ReadOnlyMemory<byte>.Empty, properties, Transaction),
            StompFrames.Abort(Transaction),
        ], cancellationToken), cancellationToken);

    private static async Task<StompErrorException?> RefusalOfAsync(StompClient client, Func<Task> ask, CancellationToken cancellationToken)
    {
        try
        {
            await ask().ConfigureAwait(false);
            await client.EchoAsync("done", cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (StompErrorException error)
        {
            return RefusalOf(error);
        }
        catch (StompConnectionException)
        {
            // The refusal may have ended the connection before the next frame was written.
            if (await client.Lost.WaitAsync(cancellationToken).ConfigureAwait(false) is StompErrorException error)
            {
                return RefusalOf(error);
            }
            throw;
        }
    }

    private static StompErrorException RefusalOf(StompErrorException error) => RabbitMqErrors.LossIn(error) is { } loss ? throw loss : error;

    private static StompHeaders HeadersOf(QueueDeclaration queue)
    {
        var headers = new List<KeyValuePair<string, string>>
        {
            new("durable", queue.Durable ? "true" : "false"), new("auto-delete", "false"), new("exclusive", "false"),
        };
        Add(headers, "x-queue-type", queue.Type == QueueType.Quorum ? "quorum" : null);
        Add(headers, "x-expires", Milliseconds(queue.Expires));
        Add(headers, "x-message-ttl", Milliseconds(queue.MessageTimeToLive));
        Add(headers, "x-max-priority", queue.MaxPriority is { } priority and > 0 ? priority.ToString(CultureInfo.InvariantCulture) : null);
        Add(headers, "x-dead-letter-exchange", queue.DeadLetterExchange);
        Add(headers, "x-dead-letter-routing-key", queue.DeadLetterRoutingKey);
        return StompHeaders.Create(CollectionsMarshal.AsSpan(headers));
    }

    private static void Add(List<KeyValuePair<string, string>> headers, string name, string? value)
    {
        if (value is not null)
        {
            headers.Add(new(name, value));
        }
    }

    private static string? Milliseconds(TimeSpan? time) => time is { } span ? ((long)span.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"inequivalent arg '(?<name>x-[a-z-]+)' .*: received none but current is the value '(?<value>[^']*)'", RegexOptions.CultureInvariant)]
    private static partial Regex MissingArgument();
}
