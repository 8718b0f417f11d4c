using Celeriac.Messaging.Serialization;

namespace Celeriac;

/// <summary>YAML as Celery's serializer <c>yaml</c> writes and reads it: data alone, nothing that constructs objects.</summary>
public static class YamlContent
{
    /// <summary>
    /// <c>yaml</c>: <c>application/x-yaml</c> in UTF-8. Add it to a <see cref="ContentRegistry"/> or to <see cref="CeleriacOptions.Formats"/>, then name it in
    /// <see cref="CeleriacOptions.AcceptContent"/>, <see cref="CeleriacOptions.TaskSerializer"/> or <see cref="SendOptions.Serializer"/>.
    /// </summary>
    public static ContentFormat Format { get; } = new("yaml", "utf-8", "application/x-yaml", "application/yaml", "text/yaml") { Translation = new YamlTranslation() };

    /// <summary>Makes the app know YAML. Workers read it where <see cref="CeleriacOptions.AcceptContent"/> names it.</summary>
    public static CeleriacBuilder UseYaml(this CeleriacBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Configure(options =>
        {
            if (!options.Formats.Contains(Format))
            {
                options.Formats.Add(Format);
            }
        });
    }

    private sealed class YamlTranslation : IJsonTranslation
    {
        public ReadOnlyMemory<byte> ToJson(ReadOnlyMemory<byte> body, int maximumDepth, int maximumBytes) => YamlReader.Read(body, maximumDepth, maximumBytes);

        public ReadOnlyMemory<byte> FromJson(ReadOnlyMemory<byte> json) => YamlWriter.Write(json);
    }
}
