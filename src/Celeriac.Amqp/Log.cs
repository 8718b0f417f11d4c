using Microsoft.Extensions.Logging;

namespace Celeriac.Amqp;

/// <summary>Every log sentence of this assembly. Event ids 5000–5999; an id is never used for another sentence.</summary>
internal static partial class Log
{
    [LoggerMessage(5000, LogLevel.Error, "After the reconnect this could not be declared again and stays as it is: {Reason}")]
    public static partial void NotRestored(ILogger logger, string reason);

    [LoggerMessage(5001, LogLevel.Warning, "RabbitMQ blocks publishers of {Broker}: {Reason}. Publishes wait, at most their publish_timeout")]
    public static partial void Blocked(ILogger logger, string broker, string reason);

    [LoggerMessage(5002, LogLevel.Information, "RabbitMQ no longer blocks publishers of {Broker}")]
    public static partial void Unblocked(ILogger logger, string broker);

    [LoggerMessage(5003, LogLevel.Warning, "RabbitMQ closed the publishing channel: {Reason}. {Count} unconfirmed messages are sent again on a new one")]
    public static partial void PublishChannelClosed(ILogger logger, string reason, int count);

    [LoggerMessage(5004, LogLevel.Error, "Publishing failed in a way that was not foreseen; it goes on")]
    public static partial void PublisherFaulted(ILogger logger, Exception error);

    [LoggerMessage(5005, LogLevel.Warning, "RabbitMQ closed the channel of consumer {Consumer}: {Reason}. It consumes again on a new one; what was in work comes again")]
    public static partial void ConsumerChannelClosed(ILogger logger, string consumer, string reason);

    [LoggerMessage(5006, LogLevel.Warning, "Queue {Queue} has {Ready} messages and consumer {Consumer} has free slots, but nothing came for {Period}: it consumes again on a new channel")]
    public static partial void ConsumerStarved(ILogger logger, string queue, long ready, string consumer, TimeSpan period);

    [LoggerMessage(5007, LogLevel.Warning, "RabbitMQ cancelled consumer {Consumer} of queue {Queue}, which exists: it consumes again")]
    public static partial void ConsumerCancelled(ILogger logger, string consumer, string queue);

    [LoggerMessage(5008, LogLevel.Error, "Consumer {Consumer} could not be kept alive in a way that was not foreseen; it tries again")]
    public static partial void ConsumerFaulted(ILogger logger, Exception error, string consumer);

    [LoggerMessage(5009, LogLevel.Error, "A message of queue {Queue} could not be read and goes back")]
    public static partial void DeliveryUnreadable(ILogger logger, Exception error, string queue);

    [LoggerMessage(5011, LogLevel.Warning, "{Broker} did not answer the goodbye; the connection is dropped and the broker hands out again what was not settled")]
    public static partial void NotLeft(ILogger logger, string broker);

    [LoggerMessage(5012, LogLevel.Warning, "After the reconnect consumer {Consumer} got no answer and tries again: {Reason}")]
    public static partial void NotConsumed(ILogger logger, string consumer, string reason);

    [LoggerMessage(5010, LogLevel.Warning, "This version of RabbitMQ.Client does not let the exact message properties through: a priority of 0 is left out on the wire")]
    public static partial void InexactProperties(ILogger logger);
}
