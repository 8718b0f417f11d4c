using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Celeriac.Messaging.Serialization;

/// <summary>Makes messages from values, with the content type and encoding that Celery and Kombu write.</summary>
public static class MessageContent
{
    private const string NeedsReflection = "Metadata of T is looked up with reflection. Give a JsonTypeInfo<T> from a JsonSerializerContext instead.";
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A <c>text/plain</c> message in UTF-8.</summary>
    /// <exception cref="EncoderFallbackException">The text has half a surrogate pair.</exception>
    public static Message Text(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Of(ContentFormat.Text, StrictUtf8.GetBytes(text));
    }

    /// <summary>An <c>application/data</c> message. The bytes are not copied and must not change afterwards.</summary>
    public static Message Bytes(ReadOnlyMemory<byte> bytes) => Of(ContentFormat.Bytes, bytes);

    /// <summary>An <c>application/json</c> message from source-generated metadata.</summary>
    public static Message Json<T>(T value, JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return Of(ContentFormat.Json, JsonSerializer.SerializeToUtf8Bytes(value, typeInfo));
    }

    /// <summary>An <c>application/json</c> message, metadata found with reflection where the options have none.</summary>
    [RequiresUnreferencedCode(NeedsReflection)]
    [RequiresDynamicCode(NeedsReflection)]
    public static Message Json<T>(T value, JsonSerializerOptions? options = null) =>
        Of(ContentFormat.Json, JsonSerializer.SerializeToUtf8Bytes(value, options));

    private static Message Of(ContentFormat format, ReadOnlyMemory<byte> body) =>
        new() { Body = body, ContentType = format.MediaType, ContentEncoding = format.Encoding };
}
