using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Postgres.Pickles;

/// <summary>Writes JSON as a pickle of protocol 4, which every Python since 3.4 reads, without frames and memory.</summary>
internal static class PickleWriter
{
    private const int LongestWhole = 255;

    /// <summary>Writes one JSON value.</summary>
    /// <exception cref="JsonException">It is no JSON, or is nested too deeply.</exception>
    /// <exception cref="ContentException">A whole number is too large.</exception>
    public static byte[] Write(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = Pickle.MaximumDepth });
        var pickle = new ArrayBufferWriter<byte>(json.Length + 16);
        pickle.Write((ReadOnlySpan<byte>)[0x80, 4]);
        while (reader.Read())
        {
            Write(ref reader, pickle);
        }
        pickle.Write("."u8);
        return pickle.WrittenSpan.ToArray();
    }

    private static void Write(ref Utf8JsonReader reader, ArrayBufferWriter<byte> pickle)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null: pickle.Write("N"u8); break;
            case JsonTokenType.True: pickle.Write((ReadOnlySpan<byte>)[0x88]); break;
            case JsonTokenType.False: pickle.Write((ReadOnlySpan<byte>)[0x89]); break;
            case JsonTokenType.Number: WriteNumber(Encoding.UTF8.GetString(reader.ValueSpan), pickle); break;
            case JsonTokenType.StartArray: pickle.Write("]("u8); break;
            case JsonTokenType.EndArray: pickle.Write("e"u8); break;
            case JsonTokenType.StartObject: pickle.Write("}("u8); break;
            case JsonTokenType.EndObject: pickle.Write("u"u8); break;
            default: WriteText(reader.GetString()!, pickle); break;
        }
    }

    private static void WriteNumber(string text, ArrayBufferWriter<byte> pickle)
    {
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
        {
            pickle.Write("G"u8);
            BinaryPrimitives.WriteDoubleBigEndian(pickle.GetSpan(8), double.Parse(text, CultureInfo.InvariantCulture));
            pickle.Advance(8);
            return;
        }
        // The text of the longest number has some 610 digits; longer ones are not worth parsing.
        var isLong = text.Length > 3 * LongestWhole;
        if (!isLong && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var small))
        {
            pickle.Write("J"u8);
            BinaryPrimitives.WriteInt32LittleEndian(pickle.GetSpan(4), small);
            pickle.Advance(4);
            return;
        }
        var bytes = isLong ? [] : BigInteger.Parse(text, CultureInfo.InvariantCulture).ToByteArray();
        if (bytes.Length is 0 or > LongestWhole)
        {
            throw new ContentException($"The result holds a whole number of {text.Length} digits, more than fit into {LongestWhole} bytes. Return it as a text.");
        }
        pickle.Write((ReadOnlySpan<byte>)[0x8a, (byte)bytes.Length]);
        pickle.Write<byte>(bytes);
    }

    private static void WriteText(string text, ArrayBufferWriter<byte> pickle)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        pickle.Write("X"u8);
        BinaryPrimitives.WriteInt32LittleEndian(pickle.GetSpan(4), length);
        pickle.Advance(4);
        Encoding.UTF8.GetBytes(text, pickle.GetSpan(length));
        pickle.Advance(length);
    }
}
