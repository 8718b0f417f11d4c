namespace Celeriac.Stomp;

/// <summary>The frames a client sends once it is connected.</summary>
public static class StompFrames
{
    /// <summary>A message to a destination.</summary>
    /// <param name="destination">Where to, in the server's own syntax, such as <c>/queue/mail</c>.</param>
    /// <param name="body">The body.</param>
    /// <param name="headers">More headers, such as <c>content-type</c> or what the server understands.</param>
    /// <param name="transaction">The transaction it belongs to, if any.</param>
    public static StompFrame Send(string destination, ReadOnlyMemory<byte> body, StompHeaders? headers = null, string? transaction = null) =>
        new(Commands.Send, Join(new("destination", destination), transaction, headers), body);

    /// <summary>Accepts a message.</summary>
    /// <param name="ackId">The <c>ack</c> header of the MESSAGE frame (STOMP 1.2; not its <c>message-id</c>).</param>
    /// <param name="transaction">The transaction it belongs to, if any.</param>
    public static StompFrame Ack(string ackId, string? transaction = null) => new(Commands.Ack, Join(new("id", ackId), transaction, null));

    /// <summary>Refuses a message. What happens to it is the server's affair: ActiveMQ moves it to its dead-letter queue at once.</summary>
    /// <param name="ackId">The <c>ack</c> header of the MESSAGE frame (STOMP 1.2; not its <c>message-id</c>).</param>
    /// <param name="transaction">The transaction it belongs to, if any.</param>
    /// <param name="headers">More headers, such as RabbitMQ's <c>requeue</c>.</param>
    public static StompFrame Nack(string ackId, string? transaction = null, StompHeaders? headers = null) =>
        new(Commands.Nack, Join(new("id", ackId), transaction, headers));

    /// <summary>Begins a transaction; the name is the client's choice and counts on its connection only.</summary>
    public static StompFrame Begin(string transaction) => new(Commands.Begin, [new("transaction", transaction)]);

    /// <summary>Makes everything in a transaction happen.</summary>
    public static StompFrame Commit(string transaction) => new(Commands.Commit, [new("transaction", transaction)]);

    /// <summary>Forgets everything in a transaction.</summary>
    public static StompFrame Abort(string transaction) => new(Commands.Abort, [new("transaction", transaction)]);

    internal static StompFrame Subscribe(StompSubscriptionOptions subscription) => new(Commands.Subscribe, new StompHeaders(
    [
        new("id", subscription.Id),
        new("destination", subscription.Destination),
        new("ack", subscription.AckMode switch
        {
            StompAckMode.Auto => "auto",
            StompAckMode.Client => "client",
            StompAckMode.ClientIndividual => "client-individual",
            _ => throw new StompRefusedException($"The acknowledgement mode '{subscription.AckMode}' of subscription '{subscription.Id}' does not exist. Use one that StompAckMode names."),
        }),
    ]).With(subscription.Headers));

    internal static StompFrame Unsubscribe(string id, StompHeaders? headers) => new(Commands.Unsubscribe, Join(new("id", id), null, headers));

    internal static StompFrame Disconnect() => new(Commands.Disconnect);

    private static StompHeaders Join(KeyValuePair<string, string> first, string? transaction, StompHeaders? more)
    {
        var own = transaction is null ? new StompHeaders([first]) : new StompHeaders([first, new("transaction", transaction)]);
        return more is null ? own : own.With(more);
    }
}
