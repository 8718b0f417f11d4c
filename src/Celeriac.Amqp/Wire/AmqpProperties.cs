using System.Globalization;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Wire;

/// <summary>
/// The properties and headers of a message as the bytes of AMQP's content header, made once by the publishing thread.
/// </summary>
internal sealed class AmqpProperties
{
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

    /// <summary>What it was made of.</summary>
    public Message Message => _message;

    /// <summary>The property flags and the properties.</summary>
    public ReadOnlySpan<byte> Encoded => _encoded;

    /// <summary>The text of AMQP's <c>expiration</c>: whole milliseconds, rounded up.</summary>
    public static string TextOf(TimeSpan expiration) =>
        ((long)Math.Clamp(Math.Ceiling(expiration.TotalMilliseconds), 0, uint.MaxValue)).ToString(CultureInfo.InvariantCulture);

    private static void RequireCarried(MessageHeaders headers)
    {
        for (var index = 0; index < headers.Count; index++)
        {
            var (name, value) = headers[index];
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
        var expiration = _message.Expiration is { } after ? TextOf(after) : null;
        var size = 3 + SizeOf(_message.ContentType) + SizeOf(_message.ContentEncoding) + (hasHeaders ? FieldWriter.SizeOf(_message.Headers) : 0)
            + (_message.Priority is null ? 0 : 1) + SizeOf(_message.CorrelationId) + SizeOf(_message.ReplyTo) + SizeOf(expiration) + SizeOf(_message.MessageId);
        var encoded = new byte[size];
        var writer = new FieldWriter(encoded);
        writer.UInt16((ushort)(Flag(15, _message.ContentType) | Flag(14, _message.ContentEncoding) | (hasHeaders ? 1 << 13 : 0) | (1 << 12)
            | (_message.Priority is null ? 0 : 1 << 11) | Flag(10, _message.CorrelationId) | Flag(9, _message.ReplyTo) | Flag(8, expiration) | Flag(7, _message.MessageId)));
        Write(ref writer, _message.ContentType);
        Write(ref writer, _message.ContentEncoding);
        if (hasHeaders)
        {
            writer.Table(_message.Headers);
        }
        writer.Byte(_message.Persistent ? (byte)2 : (byte)1);
        if (_message.Priority is { } priority)
        {
            writer.Byte(priority);
        }
        Write(ref writer, _message.CorrelationId);
        Write(ref writer, _message.ReplyTo);
        Write(ref writer, expiration);
        Write(ref writer, _message.MessageId);
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
}
