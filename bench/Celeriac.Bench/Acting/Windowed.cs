namespace Celeriac.Bench.Acting;

/// <summary>Runs an operation many times, so many of them at once.</summary>
internal static class Windowed
{
    /// <summary>The warm part, then the measured one.</summary>
    public static async Task<Report> MeasureAsync(Arguments arguments, Meter meter, Func<int, Task> operation)
    {
        await RunAsync(arguments.Warm, arguments.Window, operation);
        meter.Begin();
        await RunAsync(arguments.Tasks, arguments.Window, operation);
        return meter.Finish(arguments.Tasks);
    }

    public static Task RunAsync(int times, int window, Func<int, Task> operation)
    {
        var next = -1;
        return Task.WhenAll(Enumerable.Range(0, Math.Min(window, times)).Select(_ => Task.Run(LoopAsync)));

        async Task LoopAsync()
        {
            for (var index = Interlocked.Increment(ref next); index < times; index = Interlocked.Increment(ref next))
            {
                await operation(index);
            }
        }
    }
}
