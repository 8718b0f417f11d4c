using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Celeriac.Serialization;

/// <summary>
/// The one thing that Python's JSON writer does outside the standard: it writes the bare tokens <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c>.
/// They are looked for only when a strict parse has failed, and put into quotation marks, which <see cref="TaskJson"/> reads as numbers.
/// </summary>
internal static class PythonJson
{
    private static readonly SearchValues<byte> s_interesting = SearchValues.Create("\"NI-"u8);

    /// <summary>The same JSON in its standard form; false where it holds no such token.</summary>
    public static bool TryQuoteNonFinite(ReadOnlySpan<byte> json, [NotNullWhen(true)] out byte[]? standard)
    {
        standard = null;
        var count = Scan(json, []);
        if (count == 0)
        {
            return false;
        }
        standard = new byte[json.Length + (2 * count)];
        Scan(json, standard);
        return true;
    }

    /// <summary>Counts the tokens and, where there is a target, copies with quotation marks round them.</summary>
    private static int Scan(ReadOnlySpan<byte> json, Span<byte> target)
    {
        var count = 0;
        while (!json.IsEmpty)
        {
            var next = json.IndexOfAny(s_interesting);
            Move(ref json, ref target, next < 0 ? json.Length : next);
            if (json.IsEmpty)
            {
                break;
            }
            var token = TokenLength(json);
            if (token == 0)
            {
                Move(ref json, ref target, json[0] == '"' ? StringLength(json) : 1);
                continue;
            }
            Quote(ref target);
            Move(ref json, ref target, token);
            Quote(ref target);
            count++;
        }
        return count;
    }

    private static int TokenLength(ReadOnlySpan<byte> json) =>
        json.StartsWith("NaN"u8) ? 3 : json.StartsWith("Infinity"u8) ? 8 : json.StartsWith("-Infinity"u8) ? 9 : 0;

    private static int StringLength(ReadOnlySpan<byte> json)
    {
        var position = 1;
        while (position < json.Length && json[position] != '"')
        {
            position += json[position] == '\\' ? 2 : 1;
        }
        return Math.Min(position + 1, json.Length);
    }

    private static void Move(ref ReadOnlySpan<byte> json, ref Span<byte> target, int length)
    {
        if (!target.IsEmpty)
        {
            json[..length].CopyTo(target);
            target = target[length..];
        }
        json = json[length..];
    }

    private static void Quote(ref Span<byte> target)
    {
        if (!target.IsEmpty)
        {
            target[0] = (byte)'"';
            target = target[1..];
        }
    }
}
