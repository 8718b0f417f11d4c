namespace Celeriac.Diagnostics;

/// <summary>Which reasons a log has told already, where the same one would come again and again. Bounded: what comes beyond the most is not told.</summary>
internal sealed class ToldReasons
{
    private const int Most = 16;
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    /// <summary>True the first time.</summary>
    public bool Add(string reason)
    {
        lock (_told)
        {
            return _told.Count < Most && _told.Add(reason);
        }
    }
}
