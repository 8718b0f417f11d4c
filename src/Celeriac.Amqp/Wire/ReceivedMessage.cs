using System.Globalization;
using Celeriac.Amqp.Publishing;
using Celeriac.Messaging;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Wire;

/// <summary>A message as it came over the wire, turned into ours: nothing of the library's pooled memory is kept, and the delay ladder's traces are gone.</summary>
internal readonly record struct ReceivedMessage(Message Message, string Exchange, string RoutingKey)
{
    public static ReceivedMessage From(string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        var headers = DelayTraces.Strip(HeaderTable.FromLibrary(properties.Headers));
        var message = new Message
        {
            Body = body.ToArray(),
            ContentType = properties.IsContentTypePresent() ? properties.ContentType : null,
            ContentEncoding = properties.IsContentEncodingPresent() ? properties.ContentEncoding : null,
            Headers = headers,
            CorrelationId = properties.IsCorrelationIdPresent() ? properties.CorrelationId : null,
            ReplyTo = properties.IsReplyToPresent() ? properties.ReplyTo : null,
            MessageId = properties.IsMessageIdPresent() ? properties.MessageId : null,
            Priority = properties.IsPriorityPresent() ? properties.Priority : null,
            Expiration = properties.IsExpirationPresent() ? ExpirationOf(properties.Expiration) : null,
            Persistent = properties.DeliveryMode != DeliveryModes.Transient,
        };
        var (original, key) = DelayTraces.Origin(exchange, routingKey);
        return new ReceivedMessage(message, original, key);
    }

    private static TimeSpan? ExpirationOf(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds <= uint.MaxValue
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;
}
