namespace Celeriac.Samples.WordCount;

/// <summary>What the workers do.</summary>
internal static partial class WordTasks
{
    /// <summary>Counts one file's words: how often each occurs.</summary>
    [Task("wordcount.count")]
    public static Dictionary<string, int> Count(string path) => TextFile.Count(path);

    /// <summary>Answers the worker's process number: it is awake.</summary>
    [Task("wordcount.hello")]
    public static int Hello() => Environment.ProcessId;
}
