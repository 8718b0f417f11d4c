using System.Diagnostics;

namespace Celeriac.Bench.Acting;

/// <summary>Counts inside the tasks of this process. There is one, as there is one worker in a process.</summary>
internal static class Tally
{
    private static readonly TaskCompletionSource s_reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private static Meter s_meter = new(0);
    private static long s_count;
    private static long s_warm;
    private static long s_target;

    /// <summary>How many have run, with the warm ones.</summary>
    public static long All => Interlocked.Read(ref s_count);

    /// <summary>How many of the measured ones have run.</summary>
    public static long Count => Math.Max(0, Interlocked.Read(ref s_count) - s_warm);

    /// <summary>The meter begins with the first task after the warm ones; 0 tasks wait for no last one.</summary>
    public static void Expect(Arguments arguments, Meter meter) => (s_target, s_warm, s_meter) = (arguments.Tasks, arguments.Warm, meter);

    /// <summary>A task runs.</summary>
    /// <param name="sent">When it was sent, by <see cref="Stopwatch.GetTimestamp"/>; 0 does not tell.</param>
    public static void Run(long sent)
    {
        var count = Interlocked.Increment(ref s_count) - s_warm;
        if (count == 1)
        {
            s_meter.Begin();
        }
        if (sent > 0 && count > 0)
        {
            s_meter.NoteSince(sent);
        }
        if (count == s_target && count > 0)
        {
            s_reached.TrySetResult();
        }
    }

    /// <summary>Waits for the last task, or for the end.</summary>
    public static async Task<Report> FinishAsync(CancellationToken end)
    {
        await s_reached.Task.WaitAsync(end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return s_meter.Finish(Count);
    }
}
