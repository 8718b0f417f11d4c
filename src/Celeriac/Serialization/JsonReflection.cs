using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Celeriac.Serialization;

/// <summary>
/// The only place where JSON falls back to reflection: for programs that are not trimmed and gave no context for a type.
/// Where the program has switched reflection off (trimming, native AOT) nothing here is reached, and <see cref="TaskJson"/> names the missing type.
/// </summary>
internal static class JsonReflection
{
    private static readonly Dictionary<Type, Type> s_tuples = new()
    {
        [typeof(ValueTuple<,>)] = typeof(TupleConverter<,>),
        [typeof(ValueTuple<,,>)] = typeof(TupleConverter<,,>),
        [typeof(ValueTuple<,,,>)] = typeof(TupleConverter<,,,>),
        [typeof(ValueTuple<,,,,>)] = typeof(TupleConverter<,,,,>),
        [typeof(ValueTuple<,,,,,>)] = typeof(TupleConverter<,,,,,>),
        [typeof(ValueTuple<,,,,,,>)] = typeof(TupleConverter<,,,,,,>),
    };

    public static IJsonTypeInfoResolver? Resolver { get; } = JsonSerializer.IsReflectionEnabledByDefault ? Create() : null;

    public static JsonConverter? EnumConverter { get; } = JsonSerializer.IsReflectionEnabledByDefault ? CreateEnumConverter() : null;

    /// <summary>True for a tuple of two to seven values whose converter can be made here.</summary>
    public static bool IsTuple(Type type) =>
        JsonSerializer.IsReflectionEnabledByDefault && type is { IsValueType: true, IsGenericType: true } && s_tuples.ContainsKey(type.GetGenericTypeDefinition());

    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "Guarded by IsTuple, which is false in trimmed programs.")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Guarded by IsTuple, which is false in trimmed programs.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Guarded by IsTuple, which is false in native programs.")]
    public static JsonConverter TupleConverter(Type type) =>
        (JsonConverter)s_tuples[type.GetGenericTypeDefinition()].MakeGenericType(type.GetGenericArguments()).GetConstructors()[0].Invoke(null);

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Guarded by IsReflectionEnabledByDefault, which is false in trimmed programs.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Guarded by IsReflectionEnabledByDefault, which is false in native programs.")]
    private static DefaultJsonTypeInfoResolver Create() => new();

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Guarded by IsReflectionEnabledByDefault, which is false in native programs.")]
    private static JsonStringEnumConverter CreateEnumConverter() => new();
}
