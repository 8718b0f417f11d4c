using System.Globalization;

namespace Celeriac;

/// <summary>Between what a worker's pool grows and shrinks; Celery's <c>--autoscale</c>.</summary>
/// <param name="Maximum">How many tasks run at once when work waits.</param>
/// <param name="Minimum">How many when nothing does; 0 counts as 1.</param>
public readonly record struct AutoscaleBounds(int Maximum, int Minimum)
{
    /// <summary>Reads Celery's form: <c>10,3</c>, or <c>10</c> for 10 and 0.</summary>
    internal static AutoscaleBounds? Parse(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        return parts.Length is 1 or 2 && Number(parts[0]) is { } maximum && (parts.Length == 1 ? 0 : Number(parts[1])) is { } minimum ? new(maximum, minimum) : null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Maximum},{Minimum}");

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
