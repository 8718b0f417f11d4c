namespace Celeriac.Bench.Acting;

/// <summary>What every contender runs, under the same names.</summary>
internal static partial class BenchTasks
{
    [Task("bench.noop", IgnoreResult = true)]
    public static Task NoopAsync(long sent)
    {
        Tally.Run(sent);
        return Task.CompletedTask;
    }

    /// <summary>The same on a thread of its own, as synchronous methods run.</summary>
    [Task("bench.noop_sync", IgnoreResult = true)]
    public static void NoopSync(long sent) => Tally.Run(sent);

    [Task("bench.wait", IgnoreResult = true)]
    public static async Task WaitAsync(long sent, CancellationToken cancellationToken)
    {
        await Task.Delay(5, cancellationToken);
        Tally.Run(sent);
    }

    [Task("bench.add")]
    public static Task<int> AddAsync(int x, int y)
    {
        Tally.Run(0);
        return Task.FromResult(x + y);
    }

    /// <summary>The body of a chord.</summary>
    [Task("bench.total")]
    public static Task<long> TotalAsync(IReadOnlyList<int> values) => Task.FromResult(values.Sum(value => (long)value));
}
