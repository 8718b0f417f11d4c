using System.Buffers;
using System.Text.Json;

namespace Celeriac.Protocol;

/// <summary>The third element of a body: what comes after the task.</summary>
internal static class EmbedWriter
{
    /// <summary>The object with the comma before it and the bracket after it.</summary>
    public static ReadOnlySpan<byte> Write(Signature signature)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        buffer.Write(","u8);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true, MaxDepth = SignatureReader.MaximumDepth }))
        {
            writer.WriteStartObject();
            WriteList(writer, "callbacks", signature.Links);
            WriteList(writer, "errbacks", signature.LinkErrors);
            WriteRaw(writer, "chain", signature.ChainBytes);
            WriteRaw(writer, "chord", signature.ChordBytes);
            writer.WriteEndObject();
        }
        buffer.Write("]"u8);
        return buffer.WrittenSpan;
    }

    private static void WriteList(Utf8JsonWriter writer, string name, IReadOnlyList<Signature> signatures)
    {
        writer.WritePropertyName(name);
        if (signatures.Count == 0)
        {
            writer.WriteNullValue();
            return;
        }
        SignatureJson.WriteArray(writer, signatures);
    }

    private static void WriteRaw(Utf8JsonWriter writer, string name, ReadOnlyMemory<byte> json)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(json.IsEmpty ? "null"u8 : json.Span, skipInputValidation: true);
    }
}
