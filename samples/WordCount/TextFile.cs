using System.IO.Compression;

namespace Celeriac.Samples.WordCount;

/// <summary>
/// What a word is, and what a text is; tasks and plain loop share it. A word is a run of letters, in lower case; a run of letters and digits is none.
/// A file whose name ends in .gz is read decompressed. A file that cannot be read or decompressed to its end, or that has a zero character
/// in its first 8192, is no text and has no words.
/// </summary>
internal static class TextFile
{
    private const int BlockLength = 8192;

    internal static Dictionary<string, int> Count(string path)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        try
        {
            using var reader = Open(path);
            Count(reader, counts);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            counts.Clear();
        }
        return counts;
    }

    private static StreamReader Open(string path)
    {
        Stream file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1 << 16);
        return new StreamReader(path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file);
    }

    private static void Count(StreamReader reader, Dictionary<string, int> counts)
    {
        var block = new char[BlockLength];
        var words = new WordCounter(counts);
        var isFirst = true;
        while (reader.ReadBlock(block) is var length and > 0)
        {
            if (isFirst && block.AsSpan(0, length).Contains('\0'))
            {
                return;
            }
            isFirst = false;
            words.Add(block.AsSpan(0, length));
        }
        words.End();
    }
}
