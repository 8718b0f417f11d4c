using System.Buffers;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Postgres.Pickles;

/// <summary>JSON as Python's pickle and back, for the tables that Python's database backend reads and writes.</summary>
internal static class Pickle
{
    /// <summary>The deepest nesting.</summary>
    public const int MaximumDepth = 128;

    /// <summary>The longest pickle, and the longest JSON made of one, in bytes: a small pickle may name one of its parts many times.</summary>
    public const int MaximumBytes = 16 << 20;

    private static readonly JsonWriterOptions s_options = new() { MaxDepth = MaximumDepth, SkipValidation = false };

    /// <summary>A pickle of protocol 4 with the value of some JSON.</summary>
    /// <exception cref="ContentException">It is nested more deeply than <see cref="MaximumDepth"/>, or has a whole number of more than 255 bytes.</exception>
    public static byte[] FromJson(ReadOnlySpan<byte> json)
    {
        RequireShort(json.Length);
        try
        {
            return PickleWriter.Write(json);
        }
        catch (JsonException error)
        {
            throw new ContentException($"The result cannot be written as a pickle: {error.Message} Return something flatter.", error);
        }
    }

    /// <summary>The JSON of a pickle that holds plain values; tuples become arrays, bytes what Celery's json makes of them.</summary>
    /// <exception cref="ContentException">It holds something else, is damaged, or exceeds a limit.</exception>
    public static byte[] ToJson(ReadOnlySpan<byte> pickle)
    {
        RequireShort(pickle.Length);
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, s_options))
        {
            Write(writer, PickleReader.Read(pickle), depth: 0);
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, object? value, int depth)
    {
        RequireShort(writer.BytesCommitted + writer.BytesPending);
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case BigInteger number: writer.WriteRawValue(number.ToString(System.Globalization.CultureInfo.InvariantCulture)); break;
            case double number: WriteFloat(writer, number); break;
            case string text: writer.WriteStringValue(text); break;
            case byte[] bytes: WriteBytes(writer, bytes); break;
            case List<object?> list: WriteList(writer, list, Deeper(depth)); break;
            default: WriteDictionary(writer, (PickledDictionary)value, Deeper(depth)); break;
        }
    }

    private static void WriteList(Utf8JsonWriter writer, List<object?> list, int depth)
    {
        writer.WriteStartArray();
        foreach (var item in list)
        {
            Write(writer, item, depth);
        }
        writer.WriteEndArray();
    }

    private static void WriteDictionary(Utf8JsonWriter writer, PickledDictionary dictionary, int depth)
    {
        writer.WriteStartObject();
        foreach (var (key, item) in dictionary.Items)
        {
            writer.WritePropertyName(key);
            Write(writer, item, depth);
        }
        writer.WriteEndObject();
    }

    // 1.0 stays a float for who reads it as a number of either kind.
    private static void WriteFloat(Utf8JsonWriter writer, double number)
    {
        if (!double.IsFinite(number))
        {
            throw new ContentException($"The pickle holds the float {number}, which JSON has not. Let the task return a finite number or None.");
        }
        var text = number.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        writer.WriteRawValue(text.AsSpan().IndexOfAny('.', 'E') < 0 ? $"{text}.0" : text);
    }

    // As Kombu's json does it: text where it is text.
    private static void WriteBytes(Utf8JsonWriter writer, byte[] bytes)
    {
        writer.WriteStartObject();
        if (System.Text.Unicode.Utf8.IsValid(bytes))
        {
            writer.WriteString("__type__", "bytes");
            writer.WriteString("__value__", Encoding.UTF8.GetString(bytes));
        }
        else
        {
            writer.WriteString("__type__", "base64");
            writer.WriteBase64String("__value__", bytes);
        }
        writer.WriteEndObject();
    }

    private static int Deeper(int depth) => depth < MaximumDepth - 2
        ? depth + 1
        : throw new ContentException($"The pickle is nested more deeply than {MaximumDepth - 2} levels, or holds itself. Let the task return something flatter.");

    private static void RequireShort(long length)
    {
        if (length > MaximumBytes)
        {
            throw new ContentException($"The result has more than {MaximumBytes >> 20} MiB, which is not kept as a pickle. Let the task return a reference to its data.");
        }
    }
}
