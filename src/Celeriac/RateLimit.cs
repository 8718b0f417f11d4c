using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Celeriac;

/// <summary>How often a task may start, as Celery writes it: a number with <c>/s</c>, <c>/m</c> or <c>/h</c>; a bare number is a second's.</summary>
/// <param name="Text">As it was written, for example <c>10/m</c>.</param>
/// <param name="PerSecond">Starts in a second; more than 0.</param>
internal sealed record RateLimit(string Text, double PerSecond)
{
    /// <summary>The time between two starts.</summary>
    public TimeSpan Interval { get; } = TimeSpan.FromSeconds(Math.Min(1 / PerSecond, TimeSpan.FromDays(365).TotalSeconds));

    /// <summary>Reads a limit; null and zero are none.</summary>
    /// <returns>False where the text is no rate.</returns>
    public static bool TryParse(string? text, out RateLimit? limit) => TryParse(text, out limit, out _);

    /// <summary>Reads a limit; a fault is worded as Python words it.</summary>
    public static bool TryParse(string? text, out RateLimit? limit, [NotNullWhen(false)] out string? fault)
    {
        limit = null;
        fault = null;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var number = (slash < 0 ? text : text[..slash]).Trim();
        var unit = slash < 0 ? "s" : text[(slash + 1)..];
        var seconds = unit switch { "s" or "" => 1, "m" => 60, "h" => 3600, _ => 0 };
        if (seconds == 0)
        {
            fault = $"KeyError('{unit}')";
            return false;
        }
        if (!double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var count) || !double.IsFinite(count) || count < 0)
        {
            fault = $"ValueError(\"could not convert string to float: '{number}'\")";
            return false;
        }
        limit = count > 0 ? new RateLimit(text, count / seconds) : null;
        return true;
    }
}
