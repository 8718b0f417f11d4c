using System.Buffers.Text;
using System.Text;

namespace Celeriac.Bench.Yardsticks;

/// <summary>The message of <see cref="CeleryMessage"/> as the bytes of AMQP's properties.</summary>
internal static class RawMessage
{
    public static byte[] Properties(string id, string? replyTo)
    {
        byte[] headers =
        [
            .. Text("lang", "py"), .. Text("task", "bench.add"), .. Text("id", id), .. Null("shadow"), .. Null("eta"), .. Null("expires"), .. Null("group"), .. Null("group_index"),
            .. RawLink.Short("retries"), (byte)'I', 0, 0, 0, 0, .. RawLink.Short("timelimit"), (byte)'A', 0, 0, 0, 2, (byte)'V', (byte)'V',
            .. Text("root_id", id), .. Null("parent_id"), .. Text("argsrepr", "(1234, 1)"), .. Text("kwargsrepr", "{}"), .. Text("origin", "gen1@bench"),
            .. RawLink.Short("ignore_result"), (byte)'t', 0,
        ];
        var flags = (1 << 15) | (1 << 14) | (1 << 13) | (1 << 12) | (1 << 11) | (1 << 10) | (replyTo is null ? 0 : 1 << 9);
        return
        [
            (byte)(flags >> 8), (byte)flags, .. RawLink.Short("application/json"), .. RawLink.Short("utf-8"), .. RawLink.UInt32((uint)headers.Length), .. headers, 2, 0,
            .. RawLink.Short(id), .. replyTo is null ? [] : RawLink.Short(replyTo),
        ];
    }

    /// <summary>A reply's properties: transient, as Celery sends it.</summary>
    public static byte[] ReplyProperties(string id) =>
        [(1 << 7) | (1 << 6) | (1 << 4) | (1 << 2), 0, .. RawLink.Short("application/json"), .. RawLink.Short("utf-8"), 1, .. RawLink.Short(id)];

    /// <summary>Correlation id and reply queue of a content header, as they lie in it; both empty where no reply is asked for.</summary>
    public static (Range Id, Range ReplyTo) Sender(ReadOnlySpan<byte> header)
    {
        var flags = (header[12] << 8) | header[13];
        var position = 14;
        foreach (var bit in (ReadOnlySpan<int>)[15, 14])
        {
            position += (flags & (1 << bit)) != 0 ? 1 + header[position] : 0;
        }
        position += (flags & (1 << 13)) != 0 ? 4 + (int)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(header[position..]) : 0;
        position += ((flags >> 12) & 1) + ((flags >> 11) & 1);
        if ((flags & (1 << 10)) == 0 || (flags & (1 << 9)) == 0)
        {
            return default;
        }
        var id = new Range(position + 1, position + 1 + header[position]);
        position = id.End.Value;
        return (id, new Range(position + 1, position + 1 + header[position]));
    }

    /// <summary>Where the id stands in the frames.</summary>
    public static int[] PlacesOf(ReadOnlySpan<byte> frames, string id)
    {
        var places = new List<int>();
        var bytes = Encoding.ASCII.GetBytes(id);
        for (var from = 0; frames[from..].IndexOf(bytes) is var found && found >= 0; from = places[^1] + 1)
        {
            places.Add(from + found);
        }
        return [.. places];
    }

    /// <summary>Writes a number into the last digits of the ids.</summary>
    public static void Number(Span<byte> frames, int[] places, long number)
    {
        foreach (var place in places)
        {
            Utf8Formatter.TryFormat(number, frames.Slice(place + 24, 12), out _, new System.Buffers.StandardFormat('D', 12));
        }
    }

    private static byte[] Text(string name, string value) => [.. RawLink.Short(name), (byte)'S', .. RawLink.Long(value)];

    private static byte[] Null(string name) => [.. RawLink.Short(name), (byte)'V'];
}
