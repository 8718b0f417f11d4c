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
    public static IJsonTypeInfoResolver? Resolver { get; } = JsonSerializer.IsReflectionEnabledByDefault ? Create() : null;

    public static JsonConverter? EnumConverter { get; } = JsonSerializer.IsReflectionEnabledByDefault ? CreateEnumConverter() : null;

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Guarded by IsReflectionEnabledByDefault, which is false in trimmed programs.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Guarded by IsReflectionEnabledByDefault, which is false in native programs.")]
    private static DefaultJsonTypeInfoResolver Create() => new();

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Guarded by IsReflectionEnabledByDefault, which is false in native programs.")]
    private static JsonStringEnumConverter CreateEnumConverter() => new();
}
