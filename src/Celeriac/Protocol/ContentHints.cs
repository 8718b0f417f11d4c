using Celeriac.Messaging.Serialization;

namespace Celeriac.Protocol;

/// <summary>What to do about content that was refused, where a package would have read it.</summary>
internal static class ContentHints
{
    /// <summary>How YAML is read.</summary>
    public const string AcceptYaml = "reference Celeriac.Yaml, call UseYaml() and name yaml in AcceptContent (accept_content).";

    /// <summary>The error's own sentence, followed by the remedy where it is YAML that was refused.</summary>
    public static string Sentence(Exception error) =>
        error is ContentRefusedException { ContentType: { } type } && type.Contains("yaml", StringComparison.OrdinalIgnoreCase)
            ? $"{error.Message} To read yaml, {AcceptYaml}"
            : error.Message;
}
