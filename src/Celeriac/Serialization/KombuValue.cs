using System.Text.Json;

namespace Celeriac.Serialization;

/// <summary>Kombu's envelope for values that JSON has no form for: an object of exactly <c>__type__</c> and <c>__value__</c> (CELERY-PROTOCOL 4.1).</summary>
/// <param name="Type">Kombu's name of the type.</param>
/// <param name="Text">The value as text; of a UUID its hexadecimal digits.</param>
internal readonly record struct KombuValue(string Type, string Text)
{
    public const string DateTime = "datetime";
    public const string Date = "date";
    public const string Time = "time";
    public const string Decimal = "decimal";
    public const string Uuid = "uuid";
    public const string Bytes = "bytes";
    public const string Base64 = "base64";

    /// <summary>Reads the object that the reader is at the start of.</summary>
    /// <exception cref="JsonException">It is no such envelope.</exception>
    public static KombuValue Read(ref Utf8JsonReader reader)
    {
        string? type = null;
        string? text = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonText.Read(ref reader);
            reader.Read();
            switch (name)
            {
                case "__type__":
                    type = ReadText(ref reader);
                    break;
                case "__value__":
                    text = reader.TokenType == JsonTokenType.StartObject ? ReadHex(ref reader) : ReadText(ref reader);
                    break;
                default:
                    throw new JsonException("The object is none of Kombu's, which have __type__ and __value__ and nothing else.");
            }
        }
        return type is null || text is null
            ? throw new JsonException("The object is none of Kombu's, which have __type__ and __value__.")
            : new KombuValue(type, text);
    }

    public static void Write(Utf8JsonWriter writer, string type, string text)
    {
        writer.WriteStartObject();
        writer.WriteString("__type__"u8, type);
        if (type == Uuid)
        {
            writer.WriteStartObject("__value__"u8);
            writer.WriteString("hex"u8, text);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteString("__value__"u8, text);
        }
        writer.WriteEndObject();
    }

    private static string ReadHex(ref Utf8JsonReader reader)
    {
        string? hex = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonText.Read(ref reader);
            reader.Read();
            hex = name == "hex" ? ReadText(ref reader) : throw new JsonException("The object in __value__ has more than the hex of a UUID.");
        }
        return hex ?? throw new JsonException("The object in __value__ has no hex of a UUID.");
    }

    private static string ReadText(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.String
        ? JsonText.Read(ref reader)
        : throw new JsonException("The members of Kombu's object are no text.");
}
