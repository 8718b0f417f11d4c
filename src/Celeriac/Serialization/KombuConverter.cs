using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Celeriac.Serialization;

/// <summary>A type that is text in the plain form and an envelope in Kombu's. Reads both, writes the one it was made for.</summary>
internal abstract class KombuConverter<T>(JsonTypes types) : JsonConverter<T> where T : notnull
{
    /// <summary>What the text must be, for errors.</summary>
    protected abstract string Expected { get; }

    /// <summary>Reads text; <paramref name="type"/> is Kombu's name of the type, null in the plain form.</summary>
    protected abstract bool TryParse(string? type, string text, [MaybeNullWhen(false)] out T value);

    /// <summary>The text of the plain form.</summary>
    protected abstract string Format(T value);

    /// <summary>The type and text of Kombu's form.</summary>
    protected abstract KombuValue ToKombu(T value);

    public override T Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            var kombu = KombuValue.Read(ref reader);
            return TryParse(kombu.Type, kombu.Text, out var marked) ? marked : throw new JsonException($"A Kombu value of type '{kombu.Type}' is not {Expected}.");
        }
        return reader.TokenType == JsonTokenType.String && TryParse(null, JsonText.Read(ref reader), out var value)
            ? value
            : throw new JsonException($"The value is not {Expected}.");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        if (types == JsonTypes.Plain)
        {
            writer.WriteStringValue(Format(value));
            return;
        }
        var kombu = ToKombu(value);
        KombuValue.Write(writer, kombu.Type, kombu.Text);
    }

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        TryParse(null, JsonText.Read(ref reader), out var value) ? value : throw new JsonException($"The key is not {Expected}.");

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WritePropertyName(Format(value));
}
