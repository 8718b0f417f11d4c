namespace Celeriac.Samples.WordCount;

/// <summary>The sum of many files' counts.</summary>
internal sealed class Tally
{
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>How many words there are.</summary>
    internal long Words => _counts.Values.Sum();

    /// <summary>How many different ones.</summary>
    internal int DistinctWords => _counts.Count;

    internal void Add(Dictionary<string, int> counts)
    {
        foreach (var (word, count) in counts)
        {
            _counts[word] = _counts.GetValueOrDefault(word) + count;
        }
    }

    internal IReadOnlyList<KeyValuePair<string, long>> MostFrequent(int number) =>
        [.. _counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(number)];

    /// <summary>True when every single word has the same count.</summary>
    internal bool Equals(Tally other) =>
        _counts.Count == other._counts.Count && _counts.All(pair => other._counts.GetValueOrDefault(pair.Key) == pair.Value);
}
