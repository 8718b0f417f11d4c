using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Messaging;

/// <summary>
/// Reads bodies as text, bytes or values. Each goes through the checks of a <see cref="ContentRegistry"/> first: for a delivery that of the
/// <see cref="Consumer"/> it came from, for a message the one given, else <see cref="ContentRegistry.Default"/>.
/// </summary>
public static class MessageReading
{
    private const string NeedsReflection = "Metadata of T is looked up with reflection. Give a JsonTypeInfo<T> from a JsonSerializerContext instead.";
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The plain body of any accepted format.</summary>
    /// <exception cref="ContentException">The body is not accepted, too large or damaged.</exception>
    public static ReadOnlyMemory<byte> ReadBytes(this Message message, ContentRegistry? contents = null) =>
        (contents ?? ContentRegistry.Default).Open(message).Body;

    /// <summary>The body of a text or json message as text.</summary>
    /// <exception cref="ContentException">The body is not accepted, too large, damaged, or no text.</exception>
    public static string ReadText(this Message message, ContentRegistry? contents = null)
    {
        var opened = (contents ?? ContentRegistry.Default).Open(message);
        if (!opened.Format.IsText)
        {
            throw Mismatch(message, "text", "ReadBytes");
        }
        try
        {
            return StrictUtf8.GetString(opened.Body.Span);
        }
        catch (DecoderFallbackException error)
        {
            throw new ContentException($"The {opened.Format.Name} body is not UTF-8. Let the sender write UTF-8.", error);
        }
    }

    /// <summary>The value of a json body, or of one that its format translates to json, read with source-generated metadata.</summary>
    /// <exception cref="ContentException">The body is not accepted, too large, too deep, damaged, no json, or does not fit the type.</exception>
    public static T? ReadJson<T>(this Message message, JsonTypeInfo<T> typeInfo, ContentRegistry? contents = null)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        contents ??= ContentRegistry.Default;
        var opened = contents.Open(message);
        if (opened.Format != ContentFormat.Json && opened.Format.Translation is null)
        {
            throw Mismatch(message, "json", opened.Format.IsText ? "ReadText" : "ReadBytes");
        }
        var body = opened.Format.Translation?.ToJson(opened.Body, contents.MaximumDepth, contents.MaximumBodyBytes) ?? opened.Body;
        var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = contents.MaximumDepth });
        try
        {
            var value = JsonSerializer.Deserialize(ref reader, typeInfo);
            // A second value after the first is found here: the serializer stops at the end of the first.
            return reader.Read() ? throw new JsonException("There is more text after the value.") : value;
        }
        catch (JsonException error)
        {
            throw new ContentException($"The json body cannot be read as {typeof(T)}: {error.Message} Let the sender correct it, or read another type.", error);
        }
    }

    /// <summary>The value of a json body, metadata found with reflection where the options have none.</summary>
    /// <exception cref="ContentException">The body is not accepted, too large, too deep, damaged, no json, or does not fit the type.</exception>
    [RequiresUnreferencedCode(NeedsReflection)]
    [RequiresDynamicCode(NeedsReflection)]
    public static T? ReadJson<T>(this Message message, JsonSerializerOptions? options = null, ContentRegistry? contents = null) =>
        message.ReadJson((JsonTypeInfo<T>)(options ?? JsonSerializerOptions.Default).GetTypeInfo(typeof(T)), contents);

    /// <inheritdoc cref="ReadBytes(Message, ContentRegistry?)"/>
    public static ReadOnlyMemory<byte> ReadBytes(this Delivery delivery) => Of(delivery).Message.ReadBytes(delivery.Contents);

    /// <inheritdoc cref="ReadText(Message, ContentRegistry?)"/>
    public static string ReadText(this Delivery delivery) => Of(delivery).Message.ReadText(delivery.Contents);

    /// <inheritdoc cref="ReadJson{T}(Message, JsonTypeInfo{T}, ContentRegistry?)"/>
    public static T? ReadJson<T>(this Delivery delivery, JsonTypeInfo<T> typeInfo) => Of(delivery).Message.ReadJson(typeInfo, delivery.Contents);

    /// <inheritdoc cref="ReadJson{T}(Message, JsonSerializerOptions?, ContentRegistry?)"/>
    [RequiresUnreferencedCode(NeedsReflection)]
    [RequiresDynamicCode(NeedsReflection)]
    public static T? ReadJson<T>(this Delivery delivery, JsonSerializerOptions? options = null) => Of(delivery).Message.ReadJson<T>(options, delivery.Contents);

    private static Delivery Of(Delivery delivery)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        return delivery;
    }

    private static ContentException Mismatch(Message message, string wanted, string instead) =>
        new($"The body's content type is '{ContentException.Shown(message.ContentType ?? "")}', so it cannot be read as {wanted}. Call {instead}.");
}
