using Celeriac.Amqp.Wire;
using Celeriac.Messaging;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Library;

/// <summary>
/// Our properties as RabbitMQ.Client takes them. Its own would leave out a priority of 0, which Celery sends. Where the library must have properties that it can read (it copies
/// them when its activity source is listened to), they are answered from the message.
/// </summary>
internal sealed class LibraryProperties(AmqpProperties properties) : IAmqpHeader, IReadOnlyBasicProperties
{
    private const ushort BasicClass = 60;

    private Message Message => properties.Message;

    public ushort ProtocolClassId => BasicClass;

    public int GetRequiredBufferSize() => properties.Length;

    public int WriteTo(Span<byte> span)
    {
        properties.Encoded.CopyTo(span);
        return properties.Length;
    }

    /// <summary>What was received, with nothing of the library's pooled memory in it.</summary>
    public static Message Read(IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body) => new()
    {
        Body = body.ToArray(),
        ContentType = properties.IsContentTypePresent() ? properties.ContentType : null,
        ContentEncoding = properties.IsContentEncodingPresent() ? properties.ContentEncoding : null,
        Headers = HeaderTable.FromLibrary(properties.Headers),
        CorrelationId = properties.IsCorrelationIdPresent() ? properties.CorrelationId : null,
        ReplyTo = properties.IsReplyToPresent() ? properties.ReplyTo : null,
        MessageId = properties.IsMessageIdPresent() ? properties.MessageId : null,
        Priority = properties.IsPriorityPresent() ? properties.Priority : null,
        Expiration = properties.IsExpirationPresent() ? ReceivedMessage.ExpirationOf(properties.Expiration) : null,
        Persistent = properties.DeliveryMode != DeliveryModes.Transient,
    };

    public string? ContentType => Message.ContentType;
    public string? ContentEncoding => Message.ContentEncoding;
    public string? CorrelationId => Message.CorrelationId;
    public string? ReplyTo => Message.ReplyTo;
    public string? MessageId => Message.MessageId;
    public string? Expiration => Message.Expiration is { } expiration ? AmqpProperties.TextOf(expiration) : null;
    public byte Priority => Message.Priority ?? 0;
    public bool Persistent => Message.Persistent;
    public DeliveryModes DeliveryMode => Message.Persistent ? DeliveryModes.Persistent : DeliveryModes.Transient;
    public IDictionary<string, object?>? Headers => HeaderTable.ToLibrary(Message.Headers);
    public string? AppId => null;
    public string? ClusterId => null;
    public string? Type => null;
    public string? UserId => null;
    public AmqpTimestamp Timestamp => default;
    public PublicationAddress? ReplyToAddress => null;

    public bool IsContentTypePresent() => ContentType is not null;
    public bool IsContentEncodingPresent() => ContentEncoding is not null;
    public bool IsCorrelationIdPresent() => CorrelationId is not null;
    public bool IsReplyToPresent() => ReplyTo is not null;
    public bool IsMessageIdPresent() => MessageId is not null;
    public bool IsExpirationPresent() => Message.Expiration is not null;
    public bool IsPriorityPresent() => Message.Priority is not null;
    public bool IsDeliveryModePresent() => true;
    public bool IsHeadersPresent() => Message.Headers.Count > 0;
    public bool IsAppIdPresent() => false;
    public bool IsClusterIdPresent() => false;
    public bool IsTypePresent() => false;
    public bool IsUserIdPresent() => false;
    public bool IsTimestampPresent() => false;
}
