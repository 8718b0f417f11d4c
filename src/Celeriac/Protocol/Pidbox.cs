using Celeriac.Messaging;

namespace Celeriac.Protocol;

/// <summary>Where remote control travels, declared exactly as Celery does it (CELERY-PROTOCOL section 2): who comes second must find what he would declare.</summary>
internal static class Pidbox
{
    public const string Exchange = "celery.pidbox";
    public const string ReplyExchange = "reply.celery.pidbox";
    private static readonly TimeSpan s_messagesLive = TimeSpan.FromSeconds(300);
    private static readonly TimeSpan s_queueExpires = TimeSpan.FromSeconds(10);

    /// <summary>True where a messaging system can carry remote control. Certain once it is connected.</summary>
    public static bool IsPossible(ITransport transport) => transport.Capabilities is { Exchanges: true, Fanout: true };

    public static string QueueOf(string node) => $"{node}.{Exchange}";

    public static string ReplyQueueOf(string replyId) => $"{replyId}.{ReplyExchange}";

    public static Topology Commands { get; } = new() { Exchanges = [new ExchangeDeclaration(Exchange, ExchangeType.Fanout) { Durable = false }] };

    /// <summary>A worker's own queue.</summary>
    public static Topology Node(string node, TransportCapabilities can) => Commands with
    {
        Queues = [Queue(QueueOf(node), can)],
        Bindings = [new Binding(Exchange, QueueOf(node))],
    };

    /// <summary>A caller's queue for the answers to one request.</summary>
    public static Topology Replies(string replyId, TransportCapabilities can) => new()
    {
        Exchanges = [.. Commands.Exchanges, ReplyTo(ReplyExchange)],
        Queues = [Queue(ReplyQueueOf(replyId), can)],
        Bindings = [new Binding(ReplyExchange, ReplyQueueOf(replyId), replyId)],
    };

    public static ExchangeDeclaration ReplyTo(string exchange) => new(exchange) { Durable = false };

    /// <summary>True for a name that a caller's reply exchange has. Others are not declared: nobody may make us create what he names.</summary>
    public static bool IsReplyExchange(string exchange) =>
        exchange.StartsWith("reply.", StringComparison.Ordinal) && exchange.EndsWith(".pidbox", StringComparison.Ordinal) && exchange.Length <= 255;

    // Exclusive as in Celery 5.6: RabbitMQ 4 gives up transient queues that are not.
    private static QueueDeclaration Queue(string name, TransportCapabilities can) => new(name)
    {
        Durable = false,
        AutoDelete = true,
        Exclusive = true,
        Expires = can.QueueExpiry ? s_queueExpires : null,
        MessageTimeToLive = can.MessageExpiry ? s_messagesLive : null,
    };
}
