namespace Celeriac;

/// <summary>Whom a remote control command is for, and how long its answers are waited for.</summary>
public sealed record ControlOptions
{
    internal static ControlOptions Default { get; } = new();

    /// <summary>The nodes that are meant; null (the default) for all. With it the wait ends when all of them have answered.</summary>
    public IReadOnlyList<string>? Destination { get; init; }

    /// <summary>The nodes that are meant, by a pattern; looked at where there is no <see cref="Destination"/>.</summary>
    public string? Pattern { get; init; }

    /// <summary>How <see cref="Pattern"/> is read: <c>glob</c> (the default) or <c>pcre</c>.</summary>
    public string Matcher { get; init; } = "glob";

    /// <summary>How long answers are waited for; default 1 second. Nodes that get the command later ignore it.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The wait ends after so many answers; null (the default) for no limit.</summary>
    public int? Limit { get; init; }
}
