using Celeriac.Serialization;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Celeriac.Protocol;

/// <summary>The arguments of an exception between values, texts and JSON: bounded in number and length, and never a reason to throw.</summary>
internal static class ExceptionArguments
{
    private const int Most = 64;
    private const int LongestTogether = 2 * ExceptionText.LongestText;

    /// <summary>A failure with these arguments. Null, truth values and numbers keep their type on the wire; anything else travels as its text.</summary>
    public static TaskFailure Failure(string type, string? module, IEnumerable<object?> arguments, string? traceback)
    {
        var texts = new List<string>();
        var areTexts = true;
        var room = LongestTogether;
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonText.WriterOptions))
        {
            writer.WriteStartArray();
            foreach (var argument in arguments.Take(Most).TakeWhile(_ => room > 0))
            {
                texts.Add(Fit(TextOf(argument), ref room));
                areTexts &= Write(writer, argument, texts[^1]);
            }
            writer.WriteEndArray();
        }
        return new TaskFailure(type, module, texts, traceback) { ArgumentsJson = areTexts ? default : stream.ToArray() };
    }

    /// <summary>The arguments that the reader is at, each as text: a list, or one value that stands for a list of one.</summary>
    public static List<string> Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var arguments = new List<string>();
        var room = LongestTogether;
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            if (reader.TokenType != JsonTokenType.Null)
            {
                arguments.Add(ReadOne(ref reader, json, ref room));
            }
            return arguments;
        }
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (arguments.Count == Most || room <= 0)
            {
                reader.Skip();
                continue;
            }
            arguments.Add(ReadOne(ref reader, json, ref room));
        }
        return arguments;
    }

    /// <summary>A string as its text, anything else as its JSON.</summary>
    private static string ReadOne(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ref int room)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return Fit(JsonText.Read(ref reader), ref room);
        }
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return Fit(Encoding.UTF8.GetString(json[start..(int)reader.BytesConsumed]), ref room);
    }

    private static string Fit(string text, ref int room)
    {
        var fitting = ExceptionText.Cut(text, Math.Min(room, ExceptionText.LongestText));
        room -= fitting.Length;
        return fitting;
    }

    /// <summary>Answers whether it was written as text.</summary>
    private static bool Write(Utf8JsonWriter writer, object? argument, string text)
    {
        switch (argument)
        {
            case null:
                writer.WriteNullValue();
                return false;
            case bool truth:
                writer.WriteBooleanValue(truth);
                return false;
            case sbyte or byte or short or ushort or int or uint or long:
                writer.WriteNumberValue(Convert.ToInt64(argument, CultureInfo.InvariantCulture));
                return false;
            case ulong number:
                writer.WriteNumberValue(number);
                return false;
            case float or double when double.IsFinite(Convert.ToDouble(argument, CultureInfo.InvariantCulture)):
                writer.WriteNumberValue(Convert.ToDouble(argument, CultureInfo.InvariantCulture));
                return false;
            default:
                writer.WriteStringValue(text);
                return true;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "An argument whose ToString throws must not hide that the task failed.")]
    private static string TextOf(object? argument)
    {
        try
        {
            return Convert.ToString(argument ?? "null", CultureInfo.InvariantCulture) ?? "";
        }
        catch (Exception)
        {
            return "(the argument cannot be read)";
        }
    }
}
