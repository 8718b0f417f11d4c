namespace Celeriac.Messaging.Stores;

/// <summary>What every state store takes: the bounds of <see cref="IStateStore"/>, checked before anything is sent.</summary>
internal static class StateRules
{
    public const int LongestKey = 512;
    public const int LargestContent = 256 * 1024;
    public const int MostKeys = 1_000;

    // Some 290 years are what the clocks of all stores can add.
    private static readonly TimeSpan s_longestLifetime = TimeSpan.FromDays(36_500);

    public static void Require(IReadOnlyList<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        RequireCount(keys.Count, nameof(keys));
        foreach (var key in keys)
        {
            RequireKey(key, nameof(keys));
        }
    }

    public static void Require(IReadOnlyList<StateChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        RequireCount(changes.Count, nameof(changes));
        foreach (var change in changes)
        {
            Require(change);
        }
        if (changes.Count > 1 && changes.DistinctBy(change => change.Key).Count() < changes.Count)
        {
            throw new ArgumentException("A key is changed twice in one write. Name each key once.", nameof(changes));
        }
    }

    public static void RequirePage(string prefix, int limit)
    {
        RequireKey(prefix, nameof(prefix));
        if (!prefix.Contains('/', StringComparison.Ordinal))
        {
            throw new ArgumentException($"Prefix '{prefix}' names no kind of keys. Write one with a '/', for example 'unique/'.", nameof(prefix));
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MostKeys);
    }

    private static void Require(StateChange change)
    {
        RequireKey(change.Key, "changes");
        if (change.Content is { Length: > LargestContent } content)
        {
            throw new ArgumentException($"The state under '{change.Key}' has {content.Length} bytes, but may have at most {LargestContent}. Store large values elsewhere, and here where they are.", nameof(change));
        }
        if (change.Lifetime is { } lifetime && (lifetime < TimeSpan.FromMilliseconds(1) || lifetime > s_longestLifetime))
        {
            throw new ArgumentException($"The state under '{change.Key}' is to live for '{lifetime}', but it must be 1 ms to {s_longestLifetime.TotalDays} days. Leave the lifetime out for ever.", nameof(change));
        }
    }

    private static void RequireCount(int count, string parameter)
    {
        if (count > MostKeys)
        {
            throw new ArgumentException($"{count} keys are asked for at once, but at most {MostKeys} may be. Ask in parts.", parameter);
        }
    }

    private static void RequireKey(string key, string parameter)
    {
        if (key is not { Length: > 0 and <= LongestKey } || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw new ArgumentException($"'{key}' is no key of shared state: 1–{LongestKey} characters of printable ASCII without blanks are. Percent-encode or hash what it is made of.", parameter);
        }
    }
}
