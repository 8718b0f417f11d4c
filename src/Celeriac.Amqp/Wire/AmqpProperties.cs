using System.Globalization;
using System.Text;
using Celeriac.Messaging;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Wire;

/// <summary>
/// The properties and headers of a message as the bytes of AMQP's content header, made once by the publishing thread. RabbitMQ.Client's own properties would
/// leave out a priority of 0, which Celery sends. Where the library must have properties it can read (it copies them when its activity source is listened to),
/// they are answered from the message.
/// </summary>
internal sealed class AmqpProperties : IAmqpHeader, IReadOnlyBasicProperties
{
    private const ushort BasicClass = 60;
    private readonly Message _message;
    private readonly byte[] _encoded;

    /// <exception cref="TransportRefusedException">A property is too long for AMQP.</exception>
    public AmqpProperties(Message message)
    {
        _message = message;
        ShortText.Require("content type", message.ContentType);
        ShortText.Require("content encoding", message.ContentEncoding);
        ShortText.Require("correlation id", message.CorrelationId);
        ShortText.Require("reply-to", message.ReplyTo);
        ShortText.Require("message id", message.MessageId);
        RequireCarried(message.Headers);
        _encoded = Encode();
    }

    public int Length => _encoded.Length;

    public ushort ProtocolClassId => BasicClass;

    public int GetRequiredBufferSize() => _encoded.Length;

    public int WriteTo(Span<byte> span)
    {
        _encoded.CopyTo(span);
        return _encoded.Length;
    }

    /// <summary>The text of AMQP's <c>expiration</c>: whole milliseconds, rounded up.</summary>
    private static string TextOf(TimeSpan expiration) =>
        ((long)Math.Clamp(Math.Ceiling(expiration.TotalMilliseconds), 0, uint.MaxValue)).ToString(CultureInfo.InvariantCulture);

    private static void RequireCarried(MessageHeaders headers)
    {
        foreach (var (name, value) in headers)
        {
            ShortText.Require("header name", name);
            RequireCarried(name, value);
        }
    }

    private static void RequireCarried(string name, HeaderValue value)
    {
        switch (value.Kind)
        {
            case HeaderKind.Map:
                RequireCarried(value.AsMap());
                break;
            case HeaderKind.List:
                foreach (var item in value.AsList())
                {
                    RequireCarried(name, item);
                }
                break;
            case HeaderKind.Double when !double.IsFinite(value.AsDouble()):
                // Erlang has no such numbers: RabbitMQ ends the whole connection.
                throw new TransportRefusedException($"Header '{name}' is '{value}', which RabbitMQ cannot carry. Send a finite number, or text.");
        }
    }

    private byte[] Encode()
    {
        var hasHeaders = _message.Headers.Count > 0;
        var size = 3 + SizeOf(ContentType) + SizeOf(ContentEncoding) + (hasHeaders ? FieldWriter.SizeOf(_message.Headers) : 0)
            + (_message.Priority is null ? 0 : 1) + SizeOf(CorrelationId) + SizeOf(ReplyTo) + SizeOf(Expiration) + SizeOf(MessageId);
        var encoded = new byte[size];
        var writer = new FieldWriter(encoded);
        writer.UInt16((ushort)(Flag(15, ContentType) | Flag(14, ContentEncoding) | (hasHeaders ? 1 << 13 : 0) | (1 << 12)
            | (_message.Priority is null ? 0 : 1 << 11) | Flag(10, CorrelationId) | Flag(9, ReplyTo) | Flag(8, Expiration) | Flag(7, MessageId)));
        Write(ref writer, ContentType);
        Write(ref writer, ContentEncoding);
        if (hasHeaders)
        {
            writer.Table(_message.Headers);
        }
        writer.Byte((byte)DeliveryMode);
        if (_message.Priority is { } priority)
        {
            writer.Byte(priority);
        }
        Write(ref writer, CorrelationId);
        Write(ref writer, ReplyTo);
        Write(ref writer, Expiration);
        Write(ref writer, MessageId);
        return encoded;
    }

    private static int Flag(int bit, string? text) => text is null ? 0 : 1 << bit;

    private static int SizeOf(string? text) => text is null ? 0 : 1 + Encoding.UTF8.GetByteCount(text);

    private static void Write(ref FieldWriter writer, string? text)
    {
        if (text is not null)
        {
            writer.Short(text);
        }
    }

    public string? ContentType => _message.ContentType;
    public string? ContentEncoding => _message.ContentEncoding;
    public string? CorrelationId => _message.CorrelationId;
    public string? ReplyTo => _message.ReplyTo;
    public string? MessageId => _message.MessageId;
    public string? Expiration => _message.Expiration is { } expiration ? TextOf(expiration) : null;
    public byte Priority => _message.Priority ?? 0;
    public bool Persistent => _message.Persistent;
    public DeliveryModes DeliveryMode => _message.Persistent ? DeliveryModes.Persistent : DeliveryModes.Transient;
    public IDictionary<string, object?>? Headers => HeaderTable.ToLibrary(_message.Headers);
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
    public bool IsExpirationPresent() => _message.Expiration is not null;
    public bool IsPriorityPresent() => _message.Priority is not null;
    public bool IsDeliveryModePresent() => true;
    public bool IsHeadersPresent() => _message.Headers.Count > 0;
    public bool IsAppIdPresent() => false;
    public bool IsClusterIdPresent() => false;
    public bool IsTypePresent() => false;
    public bool IsUserIdPresent() => false;
    public bool IsTimestampPresent() => false;
}
