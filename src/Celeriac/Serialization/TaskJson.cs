using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Celeriac.Serialization;

namespace Celeriac;

/// <summary>
/// How arguments and results become JSON and back: System.Text.Json with the contexts given to <see cref="Use"/>, then, where the program allows it, reflection.
/// Values look as Celery's plain form does: ISO dates with at most 6 fraction digits, decimals as text, bytes as base64, enums by name, and the floating point numbers that JSON has not as <c>"NaN"</c>, <c>"Infinity"</c> and <c>"-Infinity"</c>.
/// </summary>
public static class TaskJson
{
    /// <summary>Arrays and objects may nest this deep.</summary>
    public const int MaximumDepth = 64;

    private static readonly Lock s_lock = new();
    private static IJsonTypeInfoResolver[] s_resolvers = [];
    private static JsonSerializerOptions s_options = CreateOptions([]);

    internal static JsonWriterOptions WriterOptions { get; } = new() { SkipValidation = true, Encoder = JavaScriptEncoder.Default, MaxDepth = MaximumDepth };

    /// <summary>The options in force.</summary>
    public static JsonSerializerOptions Options => Volatile.Read(ref s_options);

    /// <summary>
    /// Adds metadata for types of your own, usually a source-generated <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.
    /// The same resolver twice counts once.
    /// </summary>
    public static void Use(IJsonTypeInfoResolver resolver)
    {
        ArgumentNullException.ThrowIfNull(resolver);
        lock (s_lock)
        {
            if (!s_resolvers.Contains(resolver))
            {
                s_resolvers = [.. s_resolvers, resolver];
                Volatile.Write(ref s_options, CreateOptions(s_resolvers));
            }
        }
    }

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
        var value = JsonSerializer.Deserialize(json, InfoOf<T>());
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

    private static JsonTypeInfo<T> InfoOf<T>()
    {
        var options = Options;
        return options.TryGetTypeInfo(typeof(T), out var info)
            ? (JsonTypeInfo<T>)info
            : throw new NotSupportedException(
                $"There is no JSON metadata for '{typeof(T)}', and this program has reflection switched off. Add [JsonSerializable(typeof({typeof(T).Name}))] to a JsonSerializerContext and pass it to UseJson.");
    }

    [SuppressMessage("Performance", "CA1859", Justification = "The chain is a resolver.")]
    private static JsonSerializerOptions CreateOptions(IJsonTypeInfoResolver[] resolvers)
    {
        var chain = new List<IJsonTypeInfoResolver?> { BuiltInJsonContext.Default };
        chain.AddRange(resolvers);
        chain.Add(JsonReflection.Resolver);
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            MaxDepth = MaximumDepth,
            TypeInfoResolver = JsonTypeInfoResolver.Combine([.. chain]),
            NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
        };
        JsonConverters.AddTo(options);
        options.MakeReadOnly();
        return options;
    }
}
