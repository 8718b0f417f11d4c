using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Celeriac.Serialization;

/// <summary>As text, because a JSON number would pass through a binary float in Python. A number is read too.</summary>
internal sealed class DecimalConverter(JsonTypes types) : KombuConverter<decimal>(types)
{
    protected override string Expected => "a decimal number within the range of decimal";

    public override decimal Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Number ? reader.GetDecimal() : base.Read(ref reader, type, options);

    protected override bool TryParse(string? type, string text, out decimal value)
    {
        value = default;
        return type is null or KombuValue.Decimal && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    protected override string Format(decimal value) => value.ToString(CultureInfo.InvariantCulture);

    protected override KombuValue ToKombu(decimal value) => new(KombuValue.Decimal, Format(value));
}

internal sealed class GuidConverter(JsonTypes types) : KombuConverter<Guid>(types)
{
    protected override string Expected => "a UUID";

    protected override bool TryParse(string? type, string text, out Guid value)
    {
        value = default;
        return type is null or KombuValue.Uuid && Guid.TryParse(text, out value);
    }

    protected override string Format(Guid value) => value.ToString("D");

    protected override KombuValue ToKombu(Guid value) => new(KombuValue.Uuid, value.ToString("N"));
}

/// <summary>The plain form is base64; Kombu's keeps what is UTF-8 readable.</summary>
internal sealed class BytesConverter(JsonTypes types) : KombuConverter<byte[]>(types)
{
    protected override string Expected => "base64 text";

    protected override bool TryParse(string? type, string text, [MaybeNullWhen(false)] out byte[] value)
    {
        value = null;
        if (type == KombuValue.Bytes)
        {
            value = Encoding.UTF8.GetBytes(text);
            return true;
        }
        return type is null or KombuValue.Base64 && TryDecode(text, out value);
    }

    protected override string Format(byte[] value) => Convert.ToBase64String(value);

    protected override KombuValue ToKombu(byte[] value) =>
        Utf8.IsValid(value) ? new(KombuValue.Bytes, Encoding.UTF8.GetString(value)) : new(KombuValue.Base64, Format(value));

    private static bool TryDecode(string text, [MaybeNullWhen(false)] out byte[] value)
    {
        var buffer = new byte[(text.Length / 4 * 3) + 3];
        value = Convert.TryFromBase64String(text, buffer, out var length) ? buffer[..length] : null;
        return value is not null;
    }
}

/// <summary>
/// Text that may hold half a surrogate pair, as Python's can (it becomes U+FFFD), and that takes the text of Kombu's envelopes: a Python caller may send a
/// <c>UUID</c> or <c>Decimal</c> where the C# method wants text.
/// </summary>
internal sealed class TextConverter : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => JsonText.Read(ref reader),
        JsonTokenType.StartObject => TextOf(KombuValue.Read(ref reader)),
        _ => throw new JsonException("The value is not text."),
    };

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => JsonText.Read(ref reader);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(value);

    private static string TextOf(KombuValue value) => value.Type switch
    {
        KombuValue.Uuid => Guid.TryParse(value.Text, out var id) ? id.ToString("D") : value.Text,
        KombuValue.DateTime or KombuValue.Date or KombuValue.Time or KombuValue.Decimal or KombuValue.Bytes or KombuValue.Base64 => value.Text,
        _ => throw new JsonException($"A Kombu value of type '{value.Type}' is not text."),
    };
}
