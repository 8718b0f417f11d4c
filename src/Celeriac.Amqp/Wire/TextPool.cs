using System.Text;

namespace Celeriac.Amqp.Wire;

/// <summary>
/// Texts that come again and again on a connection: names of headers, exchanges, content types. A text that was seen last in its place is handed out again, so that a message costs no
/// string for each. For one thread at a time; its size is fixed.
/// </summary>
internal sealed class TextPool
{
    private const int Places = 256;
    private const int Longest = 64;
    private readonly (byte[] Bytes, string Text)[] _places = new (byte[], string)[Places];

    public string Get(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return "";
        }
        if (bytes.Length > Longest)
        {
            return Encoding.UTF8.GetString(bytes);
        }
        ref var place = ref _places[Place(bytes)];
        if (place.Bytes is null || !bytes.SequenceEqual(place.Bytes))
        {
            place = (bytes.ToArray(), Encoding.UTF8.GetString(bytes));
        }
        return place.Text;
    }

    private static int Place(ReadOnlySpan<byte> bytes)
    {
        var hash = (uint)bytes.Length;
        foreach (var each in bytes)
        {
            hash = (hash * 31) + each;
        }
        return (int)((hash ^ (hash >> 8)) % Places);
    }
}
