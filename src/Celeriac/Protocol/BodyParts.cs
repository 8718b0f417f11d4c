using System.Text.Json;
using System.Text.Unicode;
using Celeriac.Serialization;

namespace Celeriac.Protocol;

/// <summary>Where args, kwargs and embed are in a body; found in one walk, without building anything.</summary>
/// <param name="Body">The body that the slices point into: the one given, or the same with Python's bare <c>NaN</c> quoted.</param>
/// <param name="Args">The array of positional arguments.</param>
/// <param name="Kwargs">The object of keyword arguments.</param>
/// <param name="Embed">The object of callbacks, errbacks, chain and chord, and each of them.</param>
internal readonly record struct BodyParts(ReadOnlyMemory<byte> Body, JsonSlice Args, JsonSlice Kwargs, EmbedParts Embed)
{
    /// <summary>Finds the parts.</summary>
    /// <param name="body">The plain body.</param>
    /// <param name="maximumDepth">How deep arrays and objects may nest.</param>
    /// <param name="parts">The parts, where the answer is null.</param>
    /// <returns>What is wrong; null where nothing is.</returns>
    public static (QuarantineReason Reason, string Text)? Find(ReadOnlyMemory<byte> body, int maximumDepth, out BodyParts parts)
    {
        parts = default;
        if (!Utf8.IsValid(body.Span))
        {
            return Malformed("The body is not UTF-8. Let the sender write JSON in UTF-8.");
        }
        try
        {
            return Walk(body, maximumDepth, out parts);
        }
        catch (JsonException) when (PythonJson.TryQuoteNonFinite(body.Span, out var standard))
        {
            body = standard;
        }
        catch (JsonException error)
        {
            return NotJson(error);
        }
        try
        {
            return Walk(body, maximumDepth, out parts);
        }
        catch (JsonException error)
        {
            return NotJson(error);
        }
    }

    private static (QuarantineReason, string)? Walk(ReadOnlyMemory<byte> body, int maximumDepth, out BodyParts parts)
    {
        parts = default;
        // One level more than allowed, so that the walk meets what is too deep before the reader does.
        var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = maximumDepth + 1 });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return Malformed($"The body is '{TaskJson.Excerpt(body.Span)}', but [args, kwargs, embed] was expected. Let the sender use Celery's message protocol 2.");
        }
        Span<JsonSlice> slices = stackalloc JsonSlice[3];
        Span<JsonTokenType> kinds = stackalloc JsonTokenType[3];
        if (TakeElements(ref reader, maximumDepth, slices, kinds) is { } fault)
        {
            return fault;
        }
        // Reads to the end: what follows the array is refused by the reader.
        reader.Read();
        if (CheckKinds(kinds) is { } wrong)
        {
            return wrong;
        }
        var unreadable = EmbedParts.Find(body.Span, kinds[2] == JsonTokenType.Null ? default : slices[2], out var embed);
        parts = new BodyParts(body, slices[0], slices[1], embed);
        return unreadable is null ? null : Malformed(unreadable);
    }

    private static (QuarantineReason, string)? TakeElements(ref Utf8JsonReader reader, int maximumDepth, scoped Span<JsonSlice> slices, scoped Span<JsonTokenType> kinds)
    {
        var count = 0;
        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
        {
            if (count == slices.Length)
            {
                return Malformed("The body has more than the three elements [args, kwargs, embed]. Let the sender use Celery's message protocol 2.");
            }
            kinds[count] = reader.TokenType;
            var start = (int)reader.TokenStartIndex;
            if (!SkipWithin(ref reader, maximumDepth))
            {
                return TooDeep(maximumDepth);
            }
            slices[count] = new JsonSlice(start, (int)reader.BytesConsumed - start);
        }
        return count == slices.Length
            ? null
            : Malformed($"The body has {count} elements, but the three of [args, kwargs, embed] were expected. Let the sender use Celery's message protocol 2.");
    }

    private static (QuarantineReason, string)? CheckKinds(ReadOnlySpan<JsonTokenType> kinds)
    {
        if (kinds[0] != JsonTokenType.StartArray)
        {
            return Malformed($"The body's args are a JSON {NameOf(kinds[0])}, but an array was expected. Let the sender write [] for no arguments.");
        }
        if (kinds[1] != JsonTokenType.StartObject)
        {
            return Malformed($"The body's kwargs are a JSON {NameOf(kinds[1])}, but an object was expected. Let the sender write {{}} for no arguments.");
        }
        return kinds[2] is JsonTokenType.Null or JsonTokenType.StartObject
            ? null
            : Malformed($"The body's third element is a JSON {NameOf(kinds[2])}, but an object or null was expected. Let the sender write null for no callbacks.");
    }

    /// <summary>Goes to the end of the value that the reader is at; false where it nests too deep.</summary>
    internal static bool SkipWithin(ref Utf8JsonReader reader, int maximumDepth)
    {
        if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
        {
            return true;
        }
        var outside = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > outside)
        {
            if (reader.CurrentDepth >= maximumDepth && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
            {
                return false;
            }
        }
        return true;
    }

    internal static (QuarantineReason, string) TooDeep(int maximumDepth) =>
        (QuarantineReason.TooDeep, $"The body nests deeper than {maximumDepth} levels. Let the sender send flatter data.");

    internal static (QuarantineReason, string) Malformed(string text) => (QuarantineReason.MalformedBody, text);

    internal static (QuarantineReason, string) NotJson(JsonException error) =>
        Malformed($"The body is not JSON: it breaks off or goes wrong at byte {error.BytePositionInLine ?? 0} of line {(error.LineNumber ?? 0) + 1}. Let the sender write [args, kwargs, embed] as JSON.");

    internal static string NameOf(JsonTokenType token) => token switch
    {
        JsonTokenType.Null => "null",
        JsonTokenType.StartArray => "array",
        JsonTokenType.StartObject => "object",
        JsonTokenType.String => "string",
        JsonTokenType.Number => "number",
        _ => "boolean",
    };
}
