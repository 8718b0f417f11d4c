using System.Globalization;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Wire;

/// <summary>A message that came, where it was published to, and without the traces of the delay ladder.</summary>
internal readonly record struct ReceivedMessage(Message Message, string Exchange, string RoutingKey)
{
    /// <param name="message">The message as it came over the wire.</param>
    /// <param name="exchange">The exchange that it came from.</param>
    /// <param name="routingKey">Its routing key there.</param>
    public static ReceivedMessage From(Message message, string exchange, string routingKey)
    {
        var headers = DelayTraces.Strip(message.Headers);
        var (original, key) = DelayTraces.Origin(exchange, routingKey);
        return new ReceivedMessage(ReferenceEquals(headers, message.Headers) ? message : message with { Headers = headers }, original, key);
    }

    /// <summary>AMQP's text for an expiration; null where it is none.</summary>
    public static TimeSpan? ExpirationOf(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds <= uint.MaxValue
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;
}
