using Celeriac.Messaging.Serialization;

namespace Celeriac.Protocol;

/// <summary>In which formats task messages are written and read.</summary>
/// <param name="Accepted">Which are read, how long and how deep.</param>
/// <param name="Default">The format of a call that names none.</param>
internal sealed record TaskContents(ContentRegistry Accepted, ContentFormat Default)
{
    /// <summary>
    /// json, 32 MiB before and after decompression. The array of the body and that of the arguments take two levels more than an argument may have.
    /// </summary>
    public static TaskContents Json { get; } = new(
        ContentRegistry.Default.Accepting("json") with { MaximumBodyBytes = 32 * 1024 * 1024, MaximumDepth = TaskJson.MaximumDepth + 2 },
        ContentFormat.Json);

    /// <summary>What the options say.</summary>
    /// <exception cref="ArgumentException">A format is unknown, pickle, or none that arguments can be in.</exception>
    public static TaskContents Of(CeleriacOptions options)
    {
        // Json's limits with more formats: what is accepted is said last, because a new format is accepted at once.
        var known = options.Formats.Aggregate(Json.Accepted, (registry, format) => registry.With(format));
        var accepted = options.AcceptContent.Select(name => Find(known, name, "AcceptContent (accept_content)").Name).ToList();
        if (accepted.Count == 0)
        {
            throw new ArgumentException("AcceptContent (accept_content) is empty, so no task could be read. Name at least json.");
        }
        return new TaskContents(
            known.Accepting(accepted) with { MaximumBodyBytes = Math.Max(1, options.MaxBodyBytes) },
            Find(known, options.TaskSerializer, "TaskSerializer (task_serializer)"));
    }

    /// <summary>The format that a call names.</summary>
    /// <exception cref="ArgumentException">It is unknown, pickle, or none that arguments can be in.</exception>
    public ContentFormat Find(string? serializer) => serializer is null ? Default : Find(Accepted, serializer, "The option Serializer");

    private static ContentFormat Find(ContentRegistry known, string name, string option)
    {
        ContentFormat format;
        try
        {
            format = known.Find(name);
        }
        catch (ArgumentException error)
        {
            // The parameter's name, which the message of the inner one ends with, would say nothing here.
            var reason = error.Message.Split(" (Parameter", 2)[0];
            var package = name.Trim().EndsWith("yaml", StringComparison.OrdinalIgnoreCase) ? " For yaml reference Celeriac.Yaml and call UseYaml()." : "";
            throw new ArgumentException($"{option} names '{name}': {reason}{package}", error);
        }
        return format == ContentFormat.Json || format.Translation is not null
            ? format
            : throw new ArgumentException($"{option} names '{name}', but task messages hold lists and maps, which {format} does not. Name json, or a format that has them.");
    }
}
