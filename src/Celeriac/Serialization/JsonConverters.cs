using System.Text.Json;
using System.Text.Json.Serialization;

namespace Celeriac.Serialization;

/// <summary>Celery's forms for the types that System.Text.Json reads or writes differently.</summary>
internal static class JsonConverters
{
    public static void AddTo(JsonSerializerOptions options, JsonTypes types)
    {
        options.Converters.Add(new DateTimeConverter(types));
        options.Converters.Add(new DateTimeOffsetConverter(types));
        options.Converters.Add(new DateOnlyConverter(types));
        options.Converters.Add(new TimeOnlyConverter(types));
        options.Converters.Add(new DecimalConverter(types));
        options.Converters.Add(new GuidConverter(types));
        options.Converters.Add(new BytesConverter(types));
        options.Converters.Add(new TextConverter());
        options.Converters.Add(new BigIntegerConverter());
        options.Converters.Add(new NoneConverter());
        options.Converters.Add(new TupleConverters());
        if (JsonReflection.EnumConverter is { } enums)
        {
            options.Converters.Add(enums);
        }
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
