using System.Buffers.Binary;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Wire;

/// <summary>A content header: how long the body is, and the message without it.</summary>
/// <param name="BodySize">What is announced.</param>
/// <param name="Message">The message; where the body is small, it is in it and is to be filled.</param>
/// <param name="Body">Room for the body, or for its beginning.</param>
internal readonly record struct ContentHeader(ulong BodySize, Message Message, byte[] Body)
{
    // What is announced may be a lie: more is taken only as it comes.
    private const int FirstPiece = 1 << 20;

    private const int FixedPart = 14;

    /// <exception cref="AmqpFormatException">A property does not fit.</exception>
    public static ContentHeader Read(ReadOnlySpan<byte> payload, TextPool texts)
    {
        if (payload.Length < FixedPart)
        {
            throw new AmqpFormatException($"the server sent a content header of {payload.Length} bytes");
        }
        var reader = new FieldReader(payload[FixedPart..]);
        int flags = BinaryPrimitives.ReadUInt16BigEndian(payload[12..]);
        for (var more = flags; (more & 1) != 0;)
        {
            // Further flags are of properties that AMQP 0-9-1 does not have.
            more = reader.UInt16();
        }
        var size = BinaryPrimitives.ReadUInt64BigEndian(payload[4..]);
        var body = size == 0 ? [] : GC.AllocateUninitializedArray<byte>((int)Math.Min(size, FirstPiece));
        // What comes behind the message id has no meaning here.
        return new ContentHeader(size, new Message
        {
            Body = (ulong)body.Length == size ? body : default,
            ContentType = Has(flags, 15) ? texts.Get(reader.Short()) : null,
            ContentEncoding = Has(flags, 14) ? texts.Get(reader.Short()) : null,
            Headers = Has(flags, 13) ? reader.Table(texts) : MessageHeaders.Empty,
            Persistent = !Has(flags, 12) || reader.Byte() != 1,
            Priority = Has(flags, 11) ? reader.Byte() : null,
            CorrelationId = Has(flags, 10) ? reader.ShortText() : null,
            ReplyTo = Has(flags, 9) ? texts.Get(reader.Short()) : null,
            Expiration = Has(flags, 8) ? ReceivedMessage.ExpirationOf(reader.ShortText()) : null,
            MessageId = Has(flags, 7) ? reader.ShortText() : null,
        }, body);
    }

    private static bool Has(int flags, int bit) => (flags & (1 << bit)) != 0;
}
