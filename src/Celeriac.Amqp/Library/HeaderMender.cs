using System.Buffers.Binary;

namespace Celeriac.Amqp.Library;

/// <summary>
/// Changes, in place, the few things in a content header that RabbitMQ.Client 7 cannot read: it ends the whole connection over a field type that it does not know, among them the
/// one that Python's AMQP client writes for integers beyond 32 bits, and the broker would hand the message out again for ever; it makes null of an empty list or map;
/// and it follows nested values as deep as they go, which can exhaust the stack. A length never changes.
/// </summary>
internal static class HeaderMender
{
    /// <summary>Stands for an empty list: a number that is none, with bits that no arithmetic makes.</summary>
    public const int EmptyList = 0x7FC0CE1A;

    /// <summary>Stands for an empty map.</summary>
    public const int EmptyMap = 0x7FC0CE1B;

    private const int FixedPart = 14;
    private const int DeepestNesting = 64;

    /// <summary>Mends the payload of a content header frame.</summary>
    public static void Mend(Span<byte> payload)
    {
        if (payload.Length < FixedPart)
        {
            return;
        }
        var flags = BinaryPrimitives.ReadUInt16BigEndian(payload[12..]);
        var position = FixedPart;
        foreach (var bit in (ReadOnlySpan<int>)[15, 14])
        {
            if ((flags & (1 << bit)) != 0 && position < payload.Length)
            {
                position += 1 + payload[position];
            }
        }
        if ((flags & (1 << 13)) != 0 && Content(payload, position) is { } length)
        {
            Values(payload.Slice(position + 4, length), isMap: true, depth: 1);
        }
    }

    /// <summary>The length of what stands behind a length prefix; null where it does not fit.</summary>
    private static int? Content(ReadOnlySpan<byte> data, int position) =>
        position + 4 <= data.Length && BinaryPrimitives.ReadUInt32BigEndian(data[position..]) is var length && length <= (uint)(data.Length - position - 4) ? (int)length : null;

    private static void Values(Span<byte> data, bool isMap, int depth)
    {
        var position = 0;
        while (position < data.Length)
        {
            if (isMap)
            {
                position += 1 + data[position];
            }
            if (position >= data.Length)
            {
                return;
            }
            position += Value(data[position..], depth);
        }
    }

    /// <summary>Mends one value and answers its length; what cannot be understood takes the rest.</summary>
    private static int Value(Span<byte> data, int depth)
    {
        switch ((char)data[0])
        {
            case 'L':
                data[0] = (byte)'l';
                return 9;
            case 'l' or 'd' or 'T':
                return 9;
            case 'I' or 'i' or 'f':
                return 5;
            case 's' or 'u':
                return 3;
            case 't' or 'b' or 'B':
                return 2;
            case 'V':
                return 1;
            case 'D':
                if (data.Length > 1 && data[1] > 28)
                {
                    data[1] = 28;
                }
                return 6;
            case 'S' or 'x' when Content(data, 1) is { } length:
                return 5 + length;
            case 'A' or 'F' when Content(data, 1) is { } length:
                Nested(data, length, depth);
                return 5 + length;
            default:
                Hide(data);
                return data.Length;
        }
    }

    private static void Nested(Span<byte> data, int length, int depth)
    {
        if (length == 0)
        {
            BinaryPrimitives.WriteInt32BigEndian(data[1..], data[0] == 'A' ? EmptyList : EmptyMap);
            data[0] = (byte)'f';
        }
        else if (depth >= DeepestNesting)
        {
            data[0] = (byte)'x';
        }
        else
        {
            Values(data.Slice(5, length), data[0] == 'F', depth + 1);
        }
    }

    /// <summary>A value of an unknown type has an unknown length: it and what follows it become bytes, so that the rest of the message can be read.</summary>
    private static void Hide(Span<byte> data)
    {
        if (data.Length >= 5)
        {
            data[0] = (byte)'x';
            BinaryPrimitives.WriteInt32BigEndian(data[1..], data.Length - 5);
            return;
        }
        // Too short to say a length: nulls, each as an entry without a name.
        for (var index = 0; index < data.Length; index++)
        {
            data[index] = (byte)(index == 0 ? 'V' : 0);
        }
    }
}
