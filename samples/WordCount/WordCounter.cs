using System.Runtime.InteropServices;

namespace Celeriac.Samples.WordCount;

/// <summary>Finds the words in a text that comes in blocks, and counts them.</summary>
internal sealed class WordCounter(Dictionary<string, int> counts)
{
    // Looks up by characters: only a word that is new becomes a string.
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _counts = counts.GetAlternateLookup<ReadOnlySpan<char>>();
    private readonly List<char> _word = [];
    private bool _hasDigit;

    /// <summary>The next block; a word may go on in the one after it.</summary>
    internal void Add(ReadOnlySpan<char> block)
    {
        foreach (var character in block)
        {
            if (char.IsLetter(character))
            {
                _word.Add(char.ToLowerInvariant(character));
            }
            else if (char.IsDigit(character))
            {
                _hasDigit = true;
            }
            else
            {
                End();
            }
        }
    }

    /// <summary>Here a word ends, if there is one.</summary>
    internal void End()
    {
        if (_word.Count > 0 && !_hasDigit)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_counts, CollectionsMarshal.AsSpan(_word), out _)++;
        }
        _word.Clear();
        _hasDigit = false;
    }
}
