using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Celeriac.Serialization;

/// <summary>
/// The text of JSON strings as Python writes them. Python's strings may hold half a surrogate pair (<c>"\udc80"</c>, for a file name that is not UTF-8),
/// which System.Text.Json refuses: here it becomes U+FFFD.
/// </summary>
internal static class JsonText
{
    /// <summary>
    /// How records are written: only what JSON demands is escaped, so that times and tracebacks stay readable in a store. They are never put into HTML unescaped.
    /// </summary>
    public static JsonWriterOptions WriterOptions { get; } = TaskJson.WriterOptions with { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The string or property name that the reader is at.</summary>
    public static string Read(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return Decode(reader.ValueSpan);
        }
    }

    private static string Decode(ReadOnlySpan<byte> raw)
    {
        var text = new StringBuilder(raw.Length);
        while (!raw.IsEmpty)
        {
            text.Append(Next(ref raw));
        }
        return text.ToString();
    }

    /// <summary>Takes the next character, unescaped, from the raw bytes between a string's quotation marks. Never throws.</summary>
    public static Rune Next(ref ReadOnlySpan<byte> raw)
    {
        if (raw[0] != '\\')
        {
            Rune.DecodeFromUtf8(raw, out var rune, out var consumed);
            raw = raw[consumed..];
            return rune;
        }
        if (raw.Length < 2 || raw[1] != 'u')
        {
            var escaped = raw.Length < 2 ? '\\' : Unescape(raw[1]);
            raw = raw[Math.Min(2, raw.Length)..];
            return new Rune(escaped);
        }
        var unit = TakeUnit(ref raw);
        if (!char.IsHighSurrogate(unit) || !raw.StartsWith("\\u"u8))
        {
            return Rune.TryCreate(unit, out var single) ? single : Rune.ReplacementChar;
        }
        var rest = raw;
        if (!Rune.TryCreate(unit, TakeUnit(ref rest), out var pair))
        {
            return Rune.ReplacementChar;
        }
        raw = rest;
        return pair;
    }

    private static char Unescape(byte escaped) => (char)escaped switch
    {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\b',
        'f' => '\f',
        var other => char.IsAscii(other) ? other : '\uFFFD',
    };

    private static char TakeUnit(ref ReadOnlySpan<byte> raw)
    {
        var length = Math.Min(6, raw.Length);
        var digits = raw[2..length];
        raw = raw[length..];
        return Utf8Parser.TryParse(digits, out ushort unit, out var consumed, 'x') && consumed == 4 ? (char)unit : '\uFFFD';
    }
}
