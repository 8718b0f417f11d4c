using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Celeriac;

/// <summary>
/// JSON as Python's <c>safe_dump</c> writes it: block style, keys sorted, everything beyond ASCII escaped. Text is put into quotation marks wherever
/// some reader of YAML 1.1 could take it for anything else, times included.
/// </summary>
internal sealed partial class YamlWriter
{
    // Readers refuse a key on one line with its value beyond 1,024 characters; Python changes over at 128.
    private const int LongestSimpleKey = 120;

    private readonly StringBuilder _text = new();

    /// <summary>The YAML of a JSON text.</summary>
    /// <exception cref="JsonException">The JSON is malformed.</exception>
    public static ReadOnlyMemory<byte> Write(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
        var writer = new YamlWriter();
        writer.WriteInline(document.RootElement, 0);
        writer._text.Append('\n');
        return Encoding.UTF8.GetBytes(writer._text.ToString());
    }

    /// <summary>Writes a value from where the line stands; its further lines begin at the indent.</summary>
    private void WriteInline(JsonElement value, int indent)
    {
        if (IsBlock(value))
        {
            WriteBlock(value, indent);
        }
        else
        {
            _text.Append(ScalarOf(value));
        }
    }

    private void WriteBlock(JsonElement value, int indent)
    {
        var isFirst = true;
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
            {
                NewLine(ref isFirst, indent);
                _text.Append("- ");
                WriteInline(item, indent + 2);
            }
            return;
        }
        foreach (var (name, member) in Sorted(value))
        {
            NewLine(ref isFirst, indent);
            WriteMember(Quoted(name), member, indent);
        }
    }

    private void WriteMember(string key, JsonElement value, int indent)
    {
        if (key.Length > LongestSimpleKey)
        {
            _text.Append("? ").Append(key).Append('\n').Append(' ', indent).Append(": ");
            WriteInline(value, indent + 2);
            return;
        }
        _text.Append(key).Append(':');
        if (!IsBlock(value))
        {
            _text.Append(' ').Append(ScalarOf(value));
            return;
        }
        // A list below a key stands at the key's own indent, as Python writes it.
        var inner = value.ValueKind == JsonValueKind.Array ? indent : indent + 2;
        _text.Append('\n').Append(' ', inner);
        WriteBlock(value, inner);
    }

    private void NewLine(ref bool isFirst, int indent)
    {
        if (!isFirst)
        {
            _text.Append('\n').Append(' ', indent);
        }
        isFirst = false;
    }

    /// <summary>Of a name that occurs twice the last value counts, as in Python.</summary>
    private static SortedDictionary<string, JsonElement> Sorted(JsonElement value)
    {
        var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            members[member.Name] = member.Value;
        }
        return members;
    }

    private static bool IsBlock(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.GetPropertyCount() > 0,
        _ => false,
    };

    private static string ScalarOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => "[]",
        JsonValueKind.Object => "{}",
        JsonValueKind.String => Quoted(TextOf(value)),
        JsonValueKind.Number => NumberOf(value.GetRawText()),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };

    private static string TextOf(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw new JsonException("A text has half a surrogate pair, which YAML cannot hold.", error);
        }
    }

    /// <summary>PyYAML takes a number with an exponent for text unless it has a point and the exponent a sign.</summary>
    private static string NumberOf(string number)
    {
        var exponent = number.AsSpan().IndexOfAny('e', 'E');
        if (exponent < 0)
        {
            return number;
        }
        var mantissa = number[..exponent];
        var power = number[(exponent + 1)..];
        return $"{mantissa}{(mantissa.Contains('.', StringComparison.Ordinal) ? "" : ".0")}e{(power[0] is '+' or '-' ? "" : "+")}{power}";
    }

    private static string Quoted(string text)
    {
        if (PlainPattern().IsMatch(text) && !IsWord(text))
        {
            return text;
        }
        return text.AsSpan().ContainsAnyExceptInRange(' ', '~') ? Escaped(text) : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
    }

    private static bool IsWord(string text) => text.ToLowerInvariant() is "y" or "n" or "yes" or "no" or "on" or "off" or "true" or "false" or "null";

    private static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length + 16).Append('"');
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '"' => escaped.Append("\\\""),
                '\\' => escaped.Append("\\\\"),
                '\n' => escaped.Append("\\n"),
                '\r' => escaped.Append("\\r"),
                '\t' => escaped.Append("\\t"),
                >= ' ' and <= '~' => escaped.Append((char)rune.Value),
                <= 0xff => escaped.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:X2}"),
                <= 0xffff => escaped.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}"),
                _ => escaped.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}"),
            };
        }
        return escaped.Append('"').ToString();
    }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_./@-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex PlainPattern();
}
