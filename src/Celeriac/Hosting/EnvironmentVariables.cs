using System.Collections;

namespace Celeriac.Hosting;

/// <summary>The environment, as a service so that a test can bring its own.</summary>
internal sealed record EnvironmentVariables(IReadOnlyList<KeyValuePair<string, string>> Variables)
{
    public static EnvironmentVariables OfProcess() => new(
        [.. Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(entry => new KeyValuePair<string, string>((string)entry.Key, (string?)entry.Value ?? ""))]);
}
