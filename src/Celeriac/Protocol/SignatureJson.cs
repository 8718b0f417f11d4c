using System.Buffers;
using System.Text.Json;

namespace Celeriac.Protocol;

/// <summary>Signatures as Celery writes them (CELERY-PROTOCOL section 6): the dictionary form, its members in Python's order.</summary>
internal static class SignatureJson
{
    private static readonly JsonWriterOptions s_options = new() { SkipValidation = true, MaxDepth = 1010 };

    /// <summary>One signature.</summary>
    public static ReadOnlyMemory<byte> Write(Signature signature) => Written(writer => Write(writer, signature));

    /// <summary>An array of signatures.</summary>
    public static ReadOnlyMemory<byte> Write(IEnumerable<Signature> signatures) => Written(writer => WriteArray(writer, signatures));

    public static void Write(Utf8JsonWriter writer, Signature signature)
    {
        writer.WriteStartObject();
        writer.WriteString("task"u8, signature.Task);
        writer.WritePropertyName("args"u8);
        writer.WriteRawValue(signature.Args.Span, skipInputValidation: true);
        writer.WritePropertyName("kwargs"u8);
        WriteKwargs(writer, signature);
        writer.WritePropertyName("options"u8);
        SignatureOptions.Write(writer, signature);
        writer.WriteString("subtask_type"u8, signature.Canvas switch
        {
            CanvasNode.Chain => "chain",
            CanvasNode.Group => "group",
            CanvasNode.Chord => "chord",
            _ => signature.SubtaskType,
        });
        writer.WriteBoolean("immutable"u8, signature.Immutable);
        writer.WriteEndObject();
    }

    public static void WriteArray(Utf8JsonWriter writer, IEnumerable<Signature> signatures)
    {
        writer.WriteStartArray();
        foreach (var signature in signatures)
        {
            Write(writer, signature);
        }
        writer.WriteEndArray();
    }

    /// <summary>A JSON array of one more element than another has: what a chain's message carries, the next one last.</summary>
    public static ReadOnlyMemory<byte> Append(ReadOnlyMemory<byte> array, IReadOnlyList<Signature> signatures)
    {
        if (signatures.Count == 0)
        {
            return array;
        }
        var added = Write(signatures);
        // Python writes an empty chain where nothing is left.
        if (array.IsEmpty || array.Span.TrimStart("[ \t\r\n"u8) is [(byte)']', ..])
        {
            return added;
        }
        var end = array.Span.LastIndexOf((byte)']');
        var joined = new byte[end + added.Length];
        array[..end].CopyTo(joined);
        joined[end] = (byte)',';
        added[1..].CopyTo(joined.AsMemory(end + 1));
        return joined;
    }

    private static ReadOnlyMemory<byte> Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, s_options);
        write(writer);
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteKwargs(Utf8JsonWriter writer, Signature signature)
    {
        if (signature.Canvas is not { } node)
        {
            writer.WriteRawValue(signature.Kwargs.Span, skipInputValidation: true);
            return;
        }
        writer.WriteStartObject();
        switch (node)
        {
            case CanvasNode.Chain chain:
                writer.WritePropertyName("tasks"u8);
                WriteArray(writer, chain.Tasks);
                break;
            case CanvasNode.Group group:
                writer.WritePropertyName("tasks"u8);
                WriteArray(writer, group.Tasks);
                break;
            case CanvasNode.Chord chord:
                WriteChord(writer, chord);
                break;
        }
        foreach (var (name, value) in node.Rest.Where(member => node is not CanvasNode.Chord || member.Key != "kwargs"))
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(value.Span, skipInputValidation: true);
        }
        writer.WriteEndObject();
    }

    private static void WriteChord(Utf8JsonWriter writer, CanvasNode.Chord chord)
    {
        var kwargs = chord.Rest.FirstOrDefault(member => member.Key == "kwargs").Value;
        writer.WritePropertyName("kwargs"u8);
        writer.WriteRawValue(kwargs.IsEmpty ? "{}"u8 : kwargs.Span, skipInputValidation: true);
        writer.WritePropertyName("header"u8);
        if (chord is { IsHeaderBare: true, Header.Canvas: CanvasNode.Group bare })
        {
            WriteArray(writer, bare.Tasks);
        }
        else
        {
            Write(writer, chord.Header);
        }
        writer.WritePropertyName("body"u8);
        Write(writer, chord.Body);
    }
}
