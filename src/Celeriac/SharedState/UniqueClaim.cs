using System.Globalization;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.SharedState;

/// <summary>What a unique task's message says of its claim, so that whoever runs it can release it.</summary>
/// <param name="Key">The claim's key in shared state.</param>
/// <param name="Until">When it is released.</param>
/// <param name="Window">After how long it ends by itself.</param>
internal sealed record UniqueClaim(string Key, UniqueUntil Until, TimeSpan Window)
{
    public const string Kind = "unique";

    /// <summary>As a header: <c>finished 3600 unique/…</c>.</summary>
    public string ToHeader() => string.Create(CultureInfo.InvariantCulture, $"{(Until == UniqueUntil.Started ? "started" : "finished")} {Window.TotalSeconds:0.###} {Key}");

    /// <summary>The claim of a message; null where it has none, or one that nobody here has written.</summary>
    public static UniqueClaim? Of(MessageHeaders headers)
    {
        if (headers.TextOf(TaskHeader.Unique) is not { } text || text.Split(' ') is not [var until, var seconds, var key])
        {
            return null;
        }
        // What comes from outside names keys of this kind alone, and only a claim of the task's own id is ever touched.
        return until is "started" or "finished" && key.StartsWith($"{Kind}/", StringComparison.Ordinal) && key.Length <= 512 && !key.AsSpan().ContainsAnyExceptInRange('!', '~')
            && double.TryParse(seconds, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var window) && window is >= 0.001 and < 3e9
            ? new UniqueClaim(key, until == "started" ? UniqueUntil.Started : UniqueUntil.Finished, TimeSpan.FromSeconds(window))
            : null;
    }
}
