using Celeriac.Messaging;

namespace Celeriac.Protocol;

/// <summary>How much a header value holds.</summary>
internal static class HeaderSize
{
    private const int EachValue = 8;

    /// <summary>The bytes of text and binary content plus a little for each value; −1 where lists and maps nest deeper than headers may.</summary>
    public static long Of(HeaderValue value, int depth = 0)
    {
        if (depth > HeaderCodec.MaximumDepth)
        {
            return -1;
        }
        return value.Kind switch
        {
            HeaderKind.Text => EachValue + value.AsText().Length,
            HeaderKind.Bytes => EachValue + value.AsBytes().Length,
            HeaderKind.List => OfList(value.AsList(), depth),
            HeaderKind.Map => OfMap(value.AsMap(), depth),
            _ => EachValue,
        };
    }

    private static long OfList(IReadOnlyList<HeaderValue> list, int depth)
    {
        var total = (long)EachValue;
        for (var index = 0; index < list.Count; index++)
        {
            var size = Of(list[index], depth + 1);
            if (size < 0)
            {
                return -1;
            }
            total += size;
        }
        return total;
    }

    private static long OfMap(MessageHeaders map, int depth)
    {
        var total = (long)EachValue;
        for (var index = 0; index < map.Count; index++)
        {
            var item = map[index];
            var size = Of(item.Value, depth + 1);
            if (size < 0)
            {
                return -1;
            }
            total += size + item.Key.Length;
        }
        return total;
    }
}
