namespace Celeriac.Messaging;

/// <summary>Finds the known word that somebody probably meant.</summary>
internal static class DidYouMean
{
    private const int LongestWord = 64;

    /// <summary>A sentence with a space after it, or the empty text where nothing is near.</summary>
    internal static string Sentence(string word, IEnumerable<string> known) =>
        Nearest(word, known) is { } nearest ? $"Did you mean '{nearest}'? " : "";

    private static string? Nearest(string word, IEnumerable<string> known)
    {
        if (word.Length > LongestWord)
        {
            return null;
        }
        // A third of the letters may be wrong, at least one: beyond that the guess would be noise.
        var limit = Math.Max(1, word.Length / 3);
        return known.Where(candidate => candidate.Length <= LongestWord && Math.Abs(candidate.Length - word.Length) <= limit)
            .Select(candidate => (Candidate: candidate, Distance: Distance(word.ToLowerInvariant(), candidate.ToLowerInvariant())))
            .Where(pair => pair.Distance <= limit)
            .OrderBy(pair => pair.Distance)
            .Select(pair => pair.Candidate)
            .FirstOrDefault();
    }

    /// <summary>How many letters must be added, removed, changed or swapped with their neighbour (optimal string alignment).</summary>
    private static int Distance(string left, string right)
    {
        var table = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
            {
                table[i, j] = i == 0 || j == 0 ? i + j : Step(table, left, right, i, j);
            }
        }
        return table[left.Length, right.Length];
    }

    private static int Step(int[,] table, string left, string right, int i, int j)
    {
        var changed = table[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
        var best = Math.Min(changed, Math.Min(table[i - 1, j], table[i, j - 1]) + 1);
        var swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
        return swapped ? Math.Min(best, table[i - 2, j - 2] + 1) : best;
    }
}
