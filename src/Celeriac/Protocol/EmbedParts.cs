using System.Text.Json;
using Celeriac.Serialization;

namespace Celeriac.Protocol;

/// <summary>Where the signatures are that a message carries for what comes after it. Length 0 where there is none.</summary>
/// <param name="Whole">The object that holds them.</param>
/// <param name="Callbacks">An array of signatures, from <c>link</c>.</param>
/// <param name="Errbacks">An array of signatures, from <c>link_error</c>.</param>
/// <param name="Chain">An array of signatures in reverse order: the last comes next.</param>
/// <param name="Chord">The signature of the chord's body.</param>
internal readonly record struct EmbedParts(JsonSlice Whole, JsonSlice Callbacks, JsonSlice Errbacks, JsonSlice Chain, JsonSlice Chord)
{
    private static readonly JsonReaderOptions s_options = new() { MaxDepth = 1010 };

    /// <summary>Finds the signatures in an embed that has been walked before: it is well-formed and not too deep.</summary>
    /// <returns>What is wrong; null where nothing is.</returns>
    public static string? Find(ReadOnlySpan<byte> body, JsonSlice embed, out EmbedParts parts)
    {
        parts = new EmbedParts { Whole = embed };
        if (embed.Length == 0)
        {
            return null;
        }
        var reader = new Utf8JsonReader(body.Slice(embed.Start, embed.Length), s_options);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = NameOf(ref reader);
            reader.Read();
            var kind = reader.TokenType;
            var start = (int)reader.TokenStartIndex;
            var wanted = name == "chord" ? JsonTokenType.StartObject : JsonTokenType.StartArray;
            if (name is "callbacks" or "errbacks" or "chain" or "chord" && !Fits(reader, wanted))
            {
                return $"The body's {name} is a JSON {BodyParts.NameOf(kind)} that is not {(wanted == JsonTokenType.StartArray ? "an array of signatures" : "a signature")} or null. Let the sender build it from signatures.";
            }
            var isEmpty = IsEmpty(ref reader);
            parts = parts.With(name, isEmpty ? default : new JsonSlice(embed.Start + start, (int)reader.BytesConsumed - start));
        }
        return null;
    }

    /// <summary>One of the four names, without making a text of it; null for any other.</summary>
    private static string? NameOf(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped)
        {
            return JsonText.Read(ref reader);
        }
        return reader.ValueTextEquals("callbacks"u8) ? "callbacks"
            : reader.ValueTextEquals("errbacks"u8) ? "errbacks"
            : reader.ValueTextEquals("chain"u8) ? "chain"
            : reader.ValueTextEquals("chord"u8) ? "chord"
            : null;
    }

    private EmbedParts With(string? name, JsonSlice slice) => name switch
    {
        "callbacks" => this with { Callbacks = slice },
        "errbacks" => this with { Errbacks = slice },
        "chain" => this with { Chain = slice },
        "chord" => this with { Chord = slice },
        _ => this,
    };

    /// <summary>Whether a value is of the kind wanted, or one of those that Python takes for nothing. Works on a copy of the reader.</summary>
    private static bool Fits(Utf8JsonReader reader, JsonTokenType wanted)
    {
        if (reader.TokenType == wanted && wanted == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                reader.Skip();
            }
            return reader.TokenType == JsonTokenType.EndArray;
        }
        return reader.TokenType == wanted || IsEmpty(ref reader);
    }

    /// <summary>Goes to the end of the value; true for null, false, an empty array and an empty object.</summary>
    private static bool IsEmpty(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
        {
            return reader.TokenType is JsonTokenType.Null or JsonTokenType.False;
        }
        var depth = reader.CurrentDepth;
        reader.Read();
        var isEmpty = reader.CurrentDepth == depth;
        while (reader.CurrentDepth > depth)
        {
            reader.Read();
        }
        return isEmpty;
    }
}
