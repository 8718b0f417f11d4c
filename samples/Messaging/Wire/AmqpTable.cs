using System.Globalization;
using System.Text;

namespace MessagingSample.Wire;

/// <summary>Reads a table: each field has a name, a letter that says its type, and a value.</summary>
internal static class AmqpTable
{
    /// <summary>The fields as lines: letter, name, type in a word, value.</summary>
    internal static IEnumerable<string> Lines(ReadOnlyMemory<byte> table)
    {
        foreach (var (name, type, value) in Fields(table))
        {
            yield return $"{type} {Word(type),-7} {name,-8} {value}";
        }
    }

    private static IEnumerable<(string Name, char Type, string Value)> Fields(ReadOnlyMemory<byte> table)
    {
        for (var reader = new AmqpReader(table); reader.Left > 0;)
        {
            var name = reader.ShortText();
            var type = (char)reader.Byte();
            yield return (name, type, Value(reader, type));
        }
    }

    private static string Word(char type) => type switch
    {
        't' => "bool",
        'I' => "int32",
        'l' => "int64",
        'd' => "double",
        'S' => "text",
        'x' => "bytes",
        'A' => "list",
        'F' => "table",
        'T' => "time",
        'V' => "void",
        _ => "?",
    };

    private static string Value(AmqpReader reader, char type) => type switch
    {
        't' => reader.Byte() == 0 ? "false" : "true",
        'I' => ((int)reader.UInt32()).ToString(CultureInfo.InvariantCulture),
        'l' or 'T' => ((long)reader.UInt64()).ToString(CultureInfo.InvariantCulture),
        'd' => reader.Double().ToString(CultureInfo.InvariantCulture),
        'S' => $"'{Encoding.UTF8.GetString(reader.Long().Span)}'",
        'x' => Convert.ToHexString(reader.Long().Span),
        'A' => $"[{string.Join(", ", Items(new AmqpReader(reader.Long())))}]",
        'F' => $"{{{string.Join(", ", Fields(reader.Long()).Select(field => $"{field.Name}: {field.Type} {field.Value}"))}}}",
        'V' => "",
        // Its length is unknown, and with it where the next field begins.
        _ => $"and {reader.Part(reader.Left).Length} bytes of a type that this sample does not know",
    };

    private static IEnumerable<string> Items(AmqpReader reader)
    {
        while (reader.Left > 0)
        {
            var type = (char)reader.Byte();
            yield return $"{type} {Value(reader, type)}";
        }
    }
}
