using Celeriac.Messaging;

namespace Celeriac.Amqp.Topologies;

/// <summary>A queue's properties as RabbitMQ's arguments. A queue without properties has no arguments at all, as Celery declares it.</summary>
internal static class QueueArguments
{
    // RabbitMQ refuses more: about 49 days.
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(uint.MaxValue);

    /// <exception cref="TransportRefusedException">A time is out of range.</exception>
    public static void Check(QueueDeclaration queue)
    {
        if (queue.Expires is { } expires && (expires <= TimeSpan.Zero || expires > s_longest))
        {
            throw new TransportRefusedException($"Queue '{queue.Name}' asks to expire after {expires}. Give a positive time of at most {s_longest.Days} days.");
        }
        if (queue.MessageTimeToLive is { } timeToLive && (timeToLive < TimeSpan.Zero || timeToLive > s_longest))
        {
            throw new TransportRefusedException($"Queue '{queue.Name}' asks for a message time to live of {timeToLive}. Give 0 to {s_longest.Days} days.");
        }
        if (queue is { Type: QueueType.Quorum, MaxPriority: > 0 })
        {
            throw new TransportRefusedException($"Queue '{queue.Name}' asks for priority {queue.MaxPriority} and to be a quorum queue, but quorum queues have no priorities. Leave MaxPriority out, or use a queue for each priority.");
        }
        if (queue is { Type: QueueType.Quorum, Durable: false } or { Type: QueueType.Quorum, Exclusive: true } or { Type: QueueType.Quorum, AutoDelete: true })
        {
            throw new TransportRefusedException($"Queue '{queue.Name}' asks to be a quorum queue and to end with its connection or the server. Leave Type out, or make it durable, not exclusive and not auto-delete.");
        }
        Wire.ShortText.Require("dead-letter exchange's name", queue.DeadLetterExchange);
        Wire.ShortText.Require("dead-letter routing key", queue.DeadLetterRoutingKey);
        if (queue is { DeadLetterRoutingKey: not null, DeadLetterExchange: null })
        {
            throw new TransportRefusedException($"Queue '{queue.Name}' has a dead-letter routing key but no dead-letter exchange. Give DeadLetterExchange, too; the empty text is the default exchange.");
        }
    }

    /// <summary>The arguments.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="isQuorum">True where durable queues are quorum queues; others cannot be.</param>
    public static MessageHeaders Of(QueueDeclaration queue, bool isQuorum)
    {
        var arguments = new List<KeyValuePair<string, HeaderValue>>();
        if (queue.Type is { } type ? type == QueueType.Quorum : isQuorum && queue.Durable)
        {
            arguments.Add(new("x-queue-type", "quorum"));
        }
        if (queue.Expires is { } expires)
        {
            arguments.Add(new("x-expires", Milliseconds(expires, 1)));
        }
        if (queue.MessageTimeToLive is { } timeToLive)
        {
            arguments.Add(new("x-message-ttl", Milliseconds(timeToLive, 0)));
        }
        if (queue.MaxPriority is { } priority and > 0)
        {
            arguments.Add(new("x-max-priority", (long)priority));
        }
        if (queue.DeadLetterExchange is { } exchange)
        {
            arguments.Add(new("x-dead-letter-exchange", exchange));
        }
        if (queue.DeadLetterRoutingKey is { } key)
        {
            arguments.Add(new("x-dead-letter-routing-key", key));
        }
        return MessageHeaders.FromChecked([.. arguments]);
    }

    private static long Milliseconds(TimeSpan time, long least) => Math.Max(least, (long)Math.Ceiling(time.TotalMilliseconds));
}
