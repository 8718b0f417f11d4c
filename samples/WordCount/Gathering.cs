using System.Diagnostics;

namespace Celeriac.Samples.WordCount;

/// <summary>Sends a task for each file and adds up the results as they come; so many are under way at once, however many files there are.</summary>
internal sealed class Gathering(IReadOnlyList<FileInfo> files)
{
    private const int UnderWay = 200;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly Tally _tally = new();
    private int _done;

    /// <summary>Called with the number of results so far, after each.</summary>
    internal required Func<int, Task> ProgressAsync { get; init; }

    internal async Task<(Tally Tally, TimeSpan Elapsed)> RunAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var options = new ParallelOptions { MaxDegreeOfParallelism = UnderWay, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(files, options, CountAsync);
        return (_tally, clock.Elapsed);
    }

    private async ValueTask CountAsync(FileInfo file, CancellationToken cancellationToken)
    {
        var counting = await WordTasks.CountTask.DelayAsync(file.FullName, cancellationToken);
        var counts = await counting.GetAsync(s_patience, cancellationToken);
        int done;
        lock (_lock)
        {
            _tally.Add(counts);
            done = ++_done;
        }
        await ProgressAsync(done);
    }
}
