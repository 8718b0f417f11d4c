using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Celeriac.CommandLine.Verbs;

/// <summary>What nodes answered, as Celery's command line shows it.</summary>
internal static class NodeOutput
{
    private static readonly JsonWriterOptions s_indented = new() { Indented = true, IndentSize = 4, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 320 };

    /// <summary>One line with the node and OK or ERROR, and what it answered below, where that is wanted.</summary>
    public static void Write(Terminal terminal, NodeReply reply, bool withAnswer)
    {
        terminal.Write($"->  {Terminal.Safe(reply.Node)}: {(reply.Error is null ? "OK" : "ERROR")}");
        if (withAnswer)
        {
            terminal.Write(Indent(Terminal.Safe(TextOf(reply.Value)), 4));
        }
    }

    public static void WriteJson(Terminal terminal, IReadOnlyList<NodeReply> replies) => terminal.WriteJson(writer => WriteJson(writer, replies));

    public static void WriteJson(Utf8JsonWriter writer, IReadOnlyList<NodeReply> replies)
    {
        writer.WriteStartObject();
        foreach (var reply in replies.DistinctBy(reply => reply.Node))
        {
            writer.WritePropertyName(reply.Node);
            reply.Value.WriteTo(writer);
        }
        writer.WriteEndObject();
    }

    public static void TellCount(Terminal terminal, int nodes)
    {
        terminal.Tell("");
        terminal.Tell($"{nodes} node{(nodes == 1 ? "" : "s")} online.");
    }

    private static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0 ? "- empty -" : string.Join('\n', value.EnumerateArray().Select(item => $"* {LineOf(item)}")),
        JsonValueKind.Object when value.TryGetProperty("ok"u8, out var ok) => Indent(TextOf(ok), 4),
        JsonValueKind.Object when value.TryGetProperty("error"u8, out var error) => Indent(TextOf(error), 4),
        JsonValueKind.Object => Indented(value),
        _ => LineOf(value),
    };

    private static string LineOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Null => "None",
        _ => value.GetRawText(),
    };

    private static string Indented(JsonElement value)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, s_indented))
        {
            WriteSorted(writer, value);
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void WriteSorted(Utf8JsonWriter writer, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            value.WriteTo(writer);
            return;
        }
        writer.WriteStartObject();
        foreach (var property in value.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal))
        {
            writer.WritePropertyName(property.Name);
            WriteSorted(writer, property.Value);
        }
        writer.WriteEndObject();
    }

    private static string Indent(string text, int spaces) => string.Join('\n', text.Split('\n').Select(line => new string(' ', spaces) + line));
}
