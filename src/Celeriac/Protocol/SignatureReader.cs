using System.Text.Json;
using Celeriac.Serialization;

namespace Celeriac.Protocol;

/// <summary>Reads signatures in Celery's dictionary form. Arguments stay where they are: nothing is copied.</summary>
internal static class SignatureReader
{
    /// <summary>How deep arrays and objects may nest. A workflow takes three levels for each of its own.</summary>
    public const int MaximumDepth = 1000;

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = MaximumDepth };

    /// <summary>One signature.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static Signature Read(ReadOnlyMemory<byte> json)
    {
        var members = Members(json);
        var name = Text(members, "task");
        if (string.IsNullOrEmpty(name))
        {
            throw new JsonException($"A signature has no text under 'task': '{TaskJson.Excerpt(json.Span)}'. Write Celery's form, {{\"task\": name, \"args\": [], \"kwargs\": {{}}, \"options\": {{}}}}.");
        }
        var signature = new Signature(name) { Immutable = Of(members, "immutable").Span is [(byte)'t', ..] };
        if (Of(members, "args") is { IsEmpty: false } args)
        {
            signature = signature with { Args = Require(args, '[', name, "args") };
        }
        var kwargs = Require(Of(members, "kwargs") is { IsEmpty: false } given ? given : signature.Kwargs, '{', name, "kwargs");
        signature = SignatureOptions.Read(signature, Of(members, "options"));
        return Text(members, "subtask_type") switch
        {
            "chain" => signature with { Canvas = Chain(kwargs) },
            "group" => signature with { Canvas = Group(kwargs) },
            "chord" => signature with { Canvas = Chord(kwargs) },
            Mapping.MapType or Mapping.StarMapType => signature with { Kwargs = kwargs, SubtaskType = Text(members, "subtask_type"), Mapped = Mapped(kwargs) },
            var other => signature with { Kwargs = kwargs, SubtaskType = other },
        };
    }

    /// <summary>An array of signatures; empty for nothing.</summary>
    /// <exception cref="JsonException">Something in it is no signature.</exception>
    public static IReadOnlyList<Signature> ReadArray(ReadOnlyMemory<byte> json) => [.. Elements(json).Select(Read)];

    /// <summary>The elements of an array as JSON.</summary>
    public static List<ReadOnlyMemory<byte>> Elements(ReadOnlyMemory<byte> json)
    {
        List<ReadOnlyMemory<byte>> elements = [];
        if (json.IsEmpty || json.Span is [(byte)'n', ..])
        {
            return elements;
        }
        var reader = new Utf8JsonReader(json.Span, s_options);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException($"An array of signatures was expected, but there is '{TaskJson.Excerpt(json.Span)}'.");
        }
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            elements.Add(Value(ref reader, json));
        }
        return elements;
    }

    /// <summary>The members of an object as JSON, in their order; null ones too.</summary>
    /// <exception cref="JsonException">It is no object.</exception>
    public static List<KeyValuePair<string, ReadOnlyMemory<byte>>> Members(ReadOnlyMemory<byte> json)
    {
        var reader = new Utf8JsonReader(json.Span, s_options);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException($"An object was expected, but there is '{TaskJson.Excerpt(json.Span)}'.");
        }
        List<KeyValuePair<string, ReadOnlyMemory<byte>>> members = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonText.Read(ref reader);
            reader.Read();
            members.Add(new(name, Value(ref reader, json)));
        }
        return members;
    }

    private static ReadOnlyMemory<byte> Value(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return json[start..(int)reader.BytesConsumed];
    }

    /// <summary>The task that a map calls, by its name alone; null where that cannot be read, of which the run tells.</summary>
    private static Signature? Mapped(ReadOnlyMemory<byte> kwargs) =>
        Of(Members(kwargs), "task") is { Span: [(byte)'{', ..] } task && Text(Members(task), "task") is { Length: > 0 } name ? new Signature(name) : null;

    private static CanvasNode.Chain Chain(ReadOnlyMemory<byte> kwargs)
    {
        var members = Members(kwargs);
        return new(ReadArray(Of(members, "tasks"))) { Rest = Rest(members, "tasks") };
    }

    private static CanvasNode.Group Group(ReadOnlyMemory<byte> kwargs)
    {
        var members = Members(kwargs);
        return new(ReadArray(Of(members, "tasks"))) { Rest = Rest(members, "tasks") };
    }

    private static CanvasNode.Chord Chord(ReadOnlyMemory<byte> kwargs)
    {
        var members = Members(kwargs);
        var header = Of(members, "header");
        var isBare = header.Span is [(byte)'[', ..];
        var group = isBare ? new Signature("celery.group") { Canvas = new CanvasNode.Group(ReadArray(header)) } : Read(header);
        return new(group, Read(Of(members, "body"))) { IsHeaderBare = isBare, Rest = Rest(members, "header", "body") };
    }

    private static KeyValuePair<string, ReadOnlyMemory<byte>>[] Rest(List<KeyValuePair<string, ReadOnlyMemory<byte>>> members, params string[] known) =>
        [.. members.Where(member => !known.Contains(member.Key))];

    /// <summary>A member's JSON; empty where it is absent or null.</summary>
    private static ReadOnlyMemory<byte> Of(List<KeyValuePair<string, ReadOnlyMemory<byte>>> members, string name)
    {
        var value = members.FindLast(member => member.Key == name).Value;
        return value.Span is [(byte)'n', ..] ? default : value;
    }

    private static string? Text(List<KeyValuePair<string, ReadOnlyMemory<byte>>> members, string name)
    {
        var value = Of(members, name);
        if (value.Span is not [(byte)'"', ..])
        {
            return null;
        }
        var reader = new Utf8JsonReader(value.Span);
        reader.Read();
        return JsonText.Read(ref reader);
    }

    private static ReadOnlyMemory<byte> Require(ReadOnlyMemory<byte> value, char first, string task, string part) => value.Span[0] == first
        ? value
        : throw new JsonException($"The signature of task '{task}' has {part} '{TaskJson.Excerpt(value.Span)}', but a JSON {(first == '[' ? "array" : "object")} was expected.");
}
