using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Celeriac.Serialization;

/// <summary>Celery's plain forms for the types that System.Text.Json writes differently.</summary>
internal static class JsonConverters
{
    public static void AddTo(JsonSerializerOptions options)
    {
        options.Converters.Add(new DateTimeConverter());
        options.Converters.Add(new DateTimeOffsetConverter());
        options.Converters.Add(new DecimalConverter());
        options.Converters.Add(new NoneConverter());
        if (JsonReflection.EnumConverter is { } enums)
        {
            options.Converters.Add(enums);
        }
    }

    /// <summary>Six fraction digits: Python before 3.11 refuses the seven that .NET writes (CELERY-PROTOCOL rule 4).</summary>
    private sealed class DateTimeConverter : JsonConverter<DateTime>
    {
        public override DateTime Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            DateTime.TryParse(reader.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var value)
                ? value
                : throw new JsonException("The text is no ISO 8601 date and time.");

        public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString(value.Kind == DateTimeKind.Unspecified ? "yyyy-MM-ddTHH:mm:ss.ffffff" : "yyyy-MM-ddTHH:mm:ss.ffffffK", CultureInfo.InvariantCulture));
    }

    private sealed class DateTimeOffsetConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            DateTimeOffset.TryParse(reader.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var value)
                ? value
                : throw new JsonException("The text is no ISO 8601 date and time.");

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString("yyyy-MM-ddTHH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture));
    }

    /// <summary>As text, because a JSON number would pass through a binary float in Python.</summary>
    private sealed class DecimalConverter : JsonConverter<decimal>
    {
        public override decimal Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType != JsonTokenType.String
                ? reader.GetDecimal()
                : decimal.TryParse(reader.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                    ? value
                    : throw new JsonException("The text is no decimal number.");

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }

    private sealed class NoneConverter : JsonConverter<None>
    {
        public override bool HandleNull => true;

        public override None Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            reader.Skip();
            return None.Value;
        }

        public override void Write(Utf8JsonWriter writer, None value, JsonSerializerOptions options) => writer.WriteNullValue();
    }
}
