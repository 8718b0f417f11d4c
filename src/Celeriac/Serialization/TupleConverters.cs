using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Celeriac.Serialization;

/// <summary>Tuples as Python's are: JSON arrays. For up to seven values; by reflection, where the program has it.</summary>
internal sealed class TupleConverters : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => JsonReflection.IsTuple(typeToConvert);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) => JsonReflection.TupleConverter(typeToConvert);
}

/// <summary>The tuples that the program's own code has named: they need no reflection.</summary>
internal sealed class NamedTuples : IJsonTypeInfoResolver
{
    private static readonly ConcurrentDictionary<Type, Func<JsonSerializerOptions, JsonTypeInfo>> s_known = new();

    public static NamedTuples Resolver { get; } = new();

    /// <summary>Names one.</summary>
    public static void Add<TTuple>(Func<TupleConverter<TTuple>> converter) where TTuple : struct =>
        s_known.TryAdd(typeof(TTuple), options => JsonMetadataServices.CreateValueInfo<TTuple>(options, converter()));

    public JsonTypeInfo? GetTypeInfo(Type type, JsonSerializerOptions options) => s_known.TryGetValue(type, out var create) ? create(options) : null;
}

/// <summary>A JSON array of so many values.</summary>
internal abstract class TupleConverter<TTuple>(int count) : JsonConverter<TTuple> where TTuple : struct
{
    public override TTuple Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Wrong();
        }
        var value = ReadItems(ref reader, options);
        return reader.Read() && reader.TokenType == JsonTokenType.EndArray ? value : throw Wrong();
    }

    public override void Write(Utf8JsonWriter writer, TTuple value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        WriteItems(writer, value, options);
        writer.WriteEndArray();
    }

    protected abstract TTuple ReadItems(ref Utf8JsonReader reader, JsonSerializerOptions options);

    protected abstract void WriteItems(Utf8JsonWriter writer, TTuple value, JsonSerializerOptions options);

    protected T Next<T>(ref Utf8JsonReader reader, JsonSerializerOptions options) => reader.Read() && reader.TokenType != JsonTokenType.EndArray
        ? JsonSerializer.Deserialize(ref reader, (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T)))!
        : throw Wrong();

    protected static void Add<T>(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value, (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T)));

    private JsonException Wrong() => new($"A list of {count} values was expected.");
}

internal sealed class TupleConverter<T1, T2>() : TupleConverter<(T1, T2)>(2)
{
    protected override (T1, T2) ReadItems(ref Utf8JsonReader reader, JsonSerializerOptions options) =>
        (Next<T1>(ref reader, options), Next<T2>(ref reader, options));

    protected override void WriteItems(Utf8JsonWriter writer, (T1, T2) value, JsonSerializerOptions options)
    {
        Add(writer, value.Item1, options);
        Add(writer, value.Item2, options);
    }
}

internal sealed class TupleConverter<T1, T2, T3>() : TupleConverter<(T1, T2, T3)>(3)
{
    protected override (T1, T2, T3) ReadItems(ref Utf8JsonReader reader, JsonSerializerOptions options) =>
        (Next<T1>(ref reader, options), Next<T2>(ref reader, options), Next<T3>(ref reader, options));

    protected override void WriteItems(Utf8JsonWriter writer, (T1, T2, T3) value, JsonSerializerOptions options)
    {
        Add(writer, value.Item1, options);
        Add(writer, value.Item2, options);
        Add(writer, value.Item3, options);
    }
}

internal sealed class TupleConverter<T1, T2, T3, T4>() : TupleConverter<(T1, T2, T3, T4)>(4)
{
    protected override (T1, T2, T3, T4) ReadItems(ref Utf8JsonReader reader, JsonSerializerOptions options) =>
        (Next<T1>(ref reader, options), Next<T2>(ref reader, options), Next<T3>(ref reader, options), Next<T4>(ref reader, options));

    protected override void WriteItems(Utf8JsonWriter writer, (T1, T2, T3, T4) value, JsonSerializerOptions options)
    {
        Add(writer, value.Item1, options);
        Add(writer, value.Item2, options);
        Add(writer, value.Item3, options);
        Add(writer, value.Item4, options);
    }
}

internal sealed class TupleConverter<T1, T2, T3, T4, T5>() : TupleConverter<(T1, T2, T3, T4, T5)>(5)
{
    protected override (T1, T2, T3, T4, T5) ReadItems(ref Utf8JsonReader reader, JsonSerializerOptions options) =>
        (Next<T1>(ref reader, options), Next<T2>(ref reader, options), Next<T3>(ref reader, options), Next<T4>(ref reader, options), Next<T5>(ref reader, options));

    protected override void WriteItems(Utf8JsonWriter writer, (T1, T2, T3, T4, T5) value, JsonSerializerOptions options)
    {
        Add(writer, value.Item1, options);
        Add(writer, value.Item2, options);
        Add(writer, value.Item3, options);
        Add(writer, value.Item4, options);
        Add(writer, value.Item5, options);
    }
}

internal sealed class TupleConverter<T1, T2, T3, T4, T5, T6>() : TupleConverter<(T1, T2, T3, T4, T5, T6)>(6)
{
    protected override (T1, T2, T3, T4, T5, T6) ReadItems(ref Utf8JsonReader reader, JsonSerializerOptions options) =>
        (Next<T1>(ref reader, options), Next<T2>(ref reader, options), Next<T3>(ref reader, options), Next<T4>(ref reader, options), Next<T5>(ref reader, options), Next<T6>(ref reader, options));

    protected override void WriteItems(Utf8JsonWriter writer, (T1, T2, T3, T4, T5, T6) value, JsonSerializerOptions options)
    {
        Add(writer, value.Item1, options);
        Add(writer, value.Item2, options);
        Add(writer, value.Item3, options);
        Add(writer, value.Item4, options);
        Add(writer, value.Item5, options);
        Add(writer, value.Item6, options);
    }
}

internal sealed class TupleConverter<T1, T2, T3, T4, T5, T6, T7>() : TupleConverter<(T1, T2, T3, T4, T5, T6, T7)>(7)
{
    protected override (T1, T2, T3, T4, T5, T6, T7) ReadItems(ref Utf8JsonReader reader, JsonSerializerOptions options) =>
        (Next<T1>(ref reader, options), Next<T2>(ref reader, options), Next<T3>(ref reader, options), Next<T4>(ref reader, options), Next<T5>(ref reader, options), Next<T6>(ref reader, options), Next<T7>(ref reader, options));

    protected override void WriteItems(Utf8JsonWriter writer, (T1, T2, T3, T4, T5, T6, T7) value, JsonSerializerOptions options)
    {
        Add(writer, value.Item1, options);
        Add(writer, value.Item2, options);
        Add(writer, value.Item3, options);
        Add(writer, value.Item4, options);
        Add(writer, value.Item5, options);
        Add(writer, value.Item6, options);
        Add(writer, value.Item7, options);
    }
}
