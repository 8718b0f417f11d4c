using System.Text.Json;

namespace Celeriac.Interop.Tests;

/// <summary>How the Python of these tests is started: Debian's own, which has Celery.</summary>
internal static class PythonProgram
{
    public const string Interpreter = "/usr/bin/python3";

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Python");

    /// <summary>The environment that <c>interop_app.py</c> reads.</summary>
    public static Dictionary<string, string> Environment(string brokerUrl, string? backend, string queue, string cSharpQueue, string serializer = "json") => new(StringComparer.Ordinal)
    {
        ["PATH"] = System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin",
        ["HOME"] = Path.GetTempPath(),
        ["LANG"] = "C.UTF-8",
        ["PYTHONPATH"] = Folder,
        ["PYTHONDONTWRITEBYTECODE"] = "1",
        ["PYTHONUNBUFFERED"] = "1",
        ["INTEROP_BROKER"] = brokerUrl,
        ["INTEROP_BACKEND"] = backend ?? "rpc://",
        ["INTEROP_QUEUE"] = queue,
        ["INTEROP_CS_QUEUE"] = cSharpQueue,
        ["INTEROP_SERIALIZER"] = serializer,
    };

    public static string TextOf(this JsonElement element, string name) => element.GetProperty(name).GetString() ?? "(null)";

    /// <summary>A Python literal of a text.</summary>
    public static string Literal(string text) => JsonSerializer.Serialize(text);
}
