using System.Buffers.Binary;
using System.Text;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker.Envelopes;

namespace Celeriac.Redis.Native;

/// <summary>
/// A message as it stands in the hash of its queue: a version, the time of expiry, flags, priority and expiration, the texts and headers with their lengths before them, and the body up to the end.
/// Numbers are little-endian.
/// </summary>
/// <param name="Message">The message.</param>
/// <param name="Exchange">The exchange it was published to.</param>
/// <param name="RoutingKey">The routing key it was published with.</param>
/// <param name="ExpiresAt">Unix milliseconds from which it is expired; 0 for never.</param>
internal readonly record struct NativeMessage(Message Message, string Exchange, string RoutingKey, long ExpiresAt)
{
    private const byte Version = 1;
    private const byte IsPersistent = 1;
    private const byte HasPriority = 2;
    private const byte HasExpiration = 4;
    private const int FixedLength = 1 + 8 + 1 + 1 + 8;

    /// <summary>The bytes of one copy of a message.</summary>
    /// <exception cref="TransportRefusedException">A header nests too deep.</exception>
    public static byte[] Write(StorePut put)
    {
        var message = put.Message;
        var headers = HeadersOf(message);
        string?[] texts = [put.Exchange, put.RoutingKey, message.ContentType, message.ContentEncoding, message.CorrelationId, message.ReplyTo, message.MessageId];
        var length = FixedLength + 4 + headers.Length + message.Body.Length;
        foreach (var text in texts)
        {
            length += 4 + Encoding.UTF8.GetByteCount(text ?? "");
        }
        var bytes = new byte[length];
        var rest = WriteFixed(bytes, message, put.ExpiresAt);
        foreach (var text in texts)
        {
            var written = Encoding.UTF8.GetBytes(text ?? "", rest[4..]);
            BinaryPrimitives.WriteInt32LittleEndian(rest, text is null ? -1 : written);
            rest = rest[(4 + written)..];
        }
        BinaryPrimitives.WriteInt32LittleEndian(rest, headers.Length);
        headers.CopyTo(rest[4..]);
        message.Body.Span.CopyTo(rest[(4 + headers.Length)..]);
        return bytes;
    }

    /// <summary>Reads a message; what is none becomes one of the type <see cref="Envelope.Unreadable"/>, so that whoever receives it can put it aside.</summary>
    public static NativeMessage Read(byte[] bytes)
    {
        try
        {
            return bytes.Length >= FixedLength && bytes[0] == Version ? ReadKnown(bytes) : Unreadable(bytes);
        }
        catch (Exception error) when (error is FormatException or ArgumentException)
        {
            return Unreadable(bytes);
        }
    }

    private static NativeMessage Unreadable(byte[] bytes) => new(new Message { Body = bytes, ContentType = Envelope.Unreadable, ContentEncoding = "binary" }, "", "", 0);

    private static byte[] HeadersOf(Message message)
    {
        try
        {
            return HeaderCodec.Encode(message.Headers);
        }
        catch (ArgumentException tooDeep)
        {
            throw new TransportRefusedException(tooDeep.Message, tooDeep);
        }
    }

    private static Span<byte> WriteFixed(Span<byte> bytes, Message message, long expiresAt)
    {
        bytes[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(bytes[1..], expiresAt);
        bytes[9] = (byte)((message.Persistent ? IsPersistent : 0) | (message.Priority is null ? 0 : HasPriority) | (message.Expiration is null ? 0 : HasExpiration));
        bytes[10] = message.Priority ?? 0;
        BinaryPrimitives.WriteInt64LittleEndian(bytes[11..], message.Expiration?.Ticks ?? 0);
        return bytes[FixedLength..];
    }

    private static NativeMessage ReadKnown(byte[] bytes)
    {
        var flags = bytes[9];
        var at = FixedLength;
        var (exchange, routingKey) = (TextAt(bytes, ref at), TextAt(bytes, ref at));
        var (contentType, contentEncoding) = (TextAt(bytes, ref at), TextAt(bytes, ref at));
        var (correlationId, replyTo, messageId) = (TextAt(bytes, ref at), TextAt(bytes, ref at), TextAt(bytes, ref at));
        var headers = BytesAt(bytes, ref at);
        var message = new Message
        {
            Body = bytes.AsMemory(at),
            ContentType = contentType,
            ContentEncoding = contentEncoding,
            Headers = MessageHeaders.FromEncoded(headers),
            CorrelationId = correlationId,
            ReplyTo = replyTo,
            MessageId = messageId,
            Priority = (flags & HasPriority) != 0 ? bytes[10] : null,
            Expiration = (flags & HasExpiration) != 0 ? TimeSpan.FromTicks(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(11))) : null,
            Persistent = (flags & IsPersistent) != 0,
        };
        return new NativeMessage(message, exchange ?? "", routingKey ?? "", BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(1)));
    }

    private static string? TextAt(byte[] bytes, ref int at)
    {
        if (at + 4 <= bytes.Length && BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at)) == -1)
        {
            at += 4;
            return null;
        }
        return Encoding.UTF8.GetString(BytesAt(bytes, ref at).Span);
    }

    private static ReadOnlyMemory<byte> BytesAt(byte[] bytes, ref int at)
    {
        var length = at + 4 <= bytes.Length ? BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at)) : -1;
        if (length < 0 || length > bytes.Length - at - 4)
        {
            throw new FormatException("The message ends too early.");
        }
        var found = bytes.AsMemory(at + 4, length);
        at += 4 + length;
        return found;
    }
}
