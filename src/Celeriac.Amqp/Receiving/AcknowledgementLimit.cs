using Celeriac.Amqp.Connecting;
using Celeriac.Amqp.Links;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Receiving;

/// <summary>RabbitMQ's <c>consumer_timeout</c>: who does not acknowledge in time loses the channel, and all that came on it.</summary>
internal static class AcknowledgementLimit
{
    private const string Argument = "x-consumer-timeout";
    private static readonly TimeSpan s_byDefault = TimeSpan.FromMinutes(30);
    private static readonly Version s_firstWithLimit = new(3, 8, 15);
    private static readonly Version s_firstToBeAsked = new(3, 12);

    /// <summary>The limit on a connection; null where there is none or nobody knows.</summary>
    public static TimeSpan? Of(AmqpOptions options, AmqpConnection connection) => options.ConsumerTimeout switch
    {
        null => connection.RabbitMqVersion >= s_firstWithLimit ? s_byDefault : null,
        { } asked => asked > TimeSpan.Zero ? asked : null,
    };

    /// <summary>What a consumer asks for; none for nothing.</summary>
    public static MessageHeaders Arguments(AmqpOptions options, AmqpConnection connection) =>
        options.ConsumerTimeout is { } asked && asked > TimeSpan.Zero && connection.RabbitMqVersion >= s_firstToBeAsked
            ? MessageHeaders.Empty.With(Argument, (long)asked.TotalMilliseconds)
            : MessageHeaders.Empty;

    /// <summary>True where a channel was closed because something stayed unacknowledged for too long.</summary>
    public static bool WasPassed(CloseReason? reason) =>
        reason is { IsByServer: true, Code: 406 } && reason.Text.Contains("timed out", StringComparison.Ordinal);
}
