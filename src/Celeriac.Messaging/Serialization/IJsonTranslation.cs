namespace Celeriac.Messaging.Serialization;

/// <summary>How the bodies of a format say the same as a JSON text. With it json's readers and the task layer read and write the format.</summary>
public interface IJsonTranslation
{
    /// <summary>A body as JSON in UTF-8.</summary>
    /// <param name="body">The plain body, decompressed.</param>
    /// <param name="maximumDepth">How deep arrays and objects may nest.</param>
    /// <param name="maximumBytes">How long the JSON may become; a short body can stand for a very long one.</param>
    /// <exception cref="ContentException">The body is damaged, too deep, too long when written out, or holds something that is no data.</exception>
    ReadOnlyMemory<byte> ToJson(ReadOnlyMemory<byte> body, int maximumDepth, int maximumBytes);

    /// <summary>JSON as a body of this format.</summary>
    /// <exception cref="System.Text.Json.JsonException">The JSON is malformed.</exception>
    ReadOnlyMemory<byte> FromJson(ReadOnlyMemory<byte> json);
}
