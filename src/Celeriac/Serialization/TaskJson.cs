using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Celeriac.Serialization;

namespace Celeriac;

/// <summary>
/// How arguments and results become JSON and back: System.Text.Json with the contexts given to <see cref="Use(IJsonTypeInfoResolver)"/>, then, where the program allows it, reflection.
/// Values look as Celery's plain form does: ISO dates with at most 6 fraction digits, decimals and UUIDs as text, bytes as base64, enums by name, or as Kombu's
/// where <see cref="Types"/> says so. Both forms are read, and so are Python's bare <c>NaN</c> and <c>Infinity</c>. They are never written: a
/// <see cref="double"/> that JSON has not becomes the text <c>"NaN"</c>, <c>"Infinity"</c> or <c>"-Infinity"</c>, of which Python's <c>float()</c> makes the number again.
/// </summary>
public static class TaskJson
{
    /// <summary>Arrays and objects may nest this deep.</summary>
    public const int MaximumDepth = 64;

    private static readonly JsonConfiguration s_configuration = new();

    internal static JsonWriterOptions WriterOptions { get; } = new() { SkipValidation = true, Encoder = JavaScriptEncoder.Default, MaxDepth = MaximumDepth };

    /// <summary>The options in force.</summary>
    public static JsonSerializerOptions Options => s_configuration.Options;

    /// <summary>How dates, decimals, UUIDs and bytes are written; <see cref="JsonTypes.Plain"/> unless something else was chosen.</summary>
    public static JsonTypes Types => s_configuration.Types;

    /// <summary>
    /// Adds metadata for types of your own, usually a source-generated <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.
    /// The same resolver twice counts once.
    /// </summary>
    public static void Use(IJsonTypeInfoResolver resolver)
    {
        ArgumentNullException.ThrowIfNull(resolver);
        s_configuration.Use(resolver);
    }

    /// <summary>
    /// Chooses how dates, decimals, UUIDs and bytes are written, for the whole process: arguments are written when a signature is made, before it is known
    /// which client sends it. <see cref="CeleriacOptions.JsonTypes"/> does it when its client is made.
    /// </summary>
    /// <exception cref="InvalidOperationException">The other form was chosen before.</exception>
    public static void Use(JsonTypes types) => s_configuration.Use(types);

    /// <summary>Writes a value.</summary>
    /// <exception cref="NotSupportedException">There is no JSON metadata for the type.</exception>
    public static void Write<T>(Utf8JsonWriter writer, T value)
    {
        // The commonest types skip the serializer; the tests on T cost nothing once compiled.
        if (typeof(T) == typeof(int))
        {
            writer.WriteNumberValue((int)(object)value!);
        }
        else if (typeof(T) == typeof(string))
        {
            writer.WriteStringValue((string?)(object?)value);
        }
        else
        {
            JsonSerializer.Serialize(writer, value, InfoOf<T>());
        }
    }

    /// <summary>The JSON of a value, in UTF-8.</summary>
    /// <exception cref="NotSupportedException">There is no JSON metadata for the type.</exception>
    public static ReadOnlyMemory<byte> Encode<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, InfoOf<T>());

    /// <summary>Reads a value.</summary>
    /// <exception cref="JsonException">The JSON does not fit the type.</exception>
    /// <exception cref="NotSupportedException">There is no JSON metadata for the type.</exception>
    public static T Decode<T>(ReadOnlySpan<byte> json)
    {
        var value = Read<T>(json);
        if (value is null && default(T) is not null)
        {
            throw new JsonException($"null does not fit {typeof(T).Name}.");
        }
        return value!;
    }

    /// <summary>JSON for an error text: at most 100 characters.</summary>
    internal static string Excerpt(ReadOnlySpan<byte> json)
    {
        var text = Encoding.UTF8.GetString(json.Length <= 400 ? json : json[..400]);
        return text.Length <= 100 ? text : string.Concat(text.AsSpan(0, 100), "…");
    }

    private static T? Read<T>(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, InfoOf<T>());
        }
        catch (JsonException)
        {
            if (!PythonJson.TryQuoteNonFinite(json, out var standard))
            {
                throw;
            }
            return JsonSerializer.Deserialize(standard, InfoOf<T>());
        }
    }

    private static JsonTypeInfo<T> InfoOf<T>()
    {
        var options = Options;
        return options.TryGetTypeInfo(typeof(T), out var info)
            ? (JsonTypeInfo<T>)info
            : throw new NotSupportedException(
                $"There is no JSON metadata for '{typeof(T)}', and this program has reflection switched off. Add [JsonSerializable(typeof({typeof(T).Name}))] to a JsonSerializerContext and pass it to UseJson.");
    }
}
