using Celeriac.Messaging;

namespace Celeriac.Events;

/// <summary>Where events travel: names and messages as Celery has them (CELERY-PROTOCOL sections 2 and 14).</summary>
internal static class EventExchange
{
    /// <summary>The exchange where <c>event_exchange</c> says nothing else.</summary>
    public const string DefaultName = "celeryev";

    /// <summary>The routing key of a message with several task events.</summary>
    public const string ManyTasks = "task.multi";

    /// <summary>The group whose events travel together.</summary>
    public const string TaskGroup = "task-";

    public static Topology TopologyOf(string exchange, ITransport transport) =>
        new() { Exchanges = [new ExchangeDeclaration(exchange, transport.Capabilities.BroadcastsByFanout ? ExchangeType.Fanout : ExchangeType.Topic)] };

    /// <summary>True where the server can carry events. Certain once it is connected.</summary>
    public static bool IsPossible(ITransport transport) => transport.Capabilities is { Exchanges: true, Topic: true };

    public static string RoutingKeyOf(string type) => type.Replace('-', '.');

    /// <summary>The message of events that <see cref="EventQueue.TakeInto"/> has put together.</summary>
    public static Publication Publish(List<QueuedEvent> batch, string exchange, string hostname) =>
        new(MessageOf(batch[0].RoutingKey is null ? ArrayOf(batch) : batch[0].Body, hostname), exchange, batch[0].RoutingKey ?? ManyTasks);

    private static Message MessageOf(byte[] body, string hostname) => new()
    {
        Body = body,
        ContentType = "application/json",
        ContentEncoding = "utf-8",
        Headers = new MessageHeaders([new("hostname", hostname)]),
        Priority = 0,
        Persistent = false,
    };

    private static byte[] ArrayOf(List<QueuedEvent> batch)
    {
        // Each event is followed by a comma, the last by the bracket.
        var body = new byte[1 + batch.Sum(queued => queued.Body.Length + 1)];
        var position = 0;
        body[position++] = (byte)'[';
        foreach (var queued in batch)
        {
            queued.Body.CopyTo(body, position);
            position += queued.Body.Length;
            body[position++] = (byte)',';
        }
        body[^1] = (byte)']';
        return body;
    }
}
