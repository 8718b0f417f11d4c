using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Celeriac.Samples.WordCount;

/// <summary>Shows how far it is: a bar on a terminal, a line for every tenth elsewhere.</summary>
internal static class ProgressView
{
    /// <summary>Runs something that reports its progress.</summary>
    /// <param name="total">How many steps there are.</param>
    /// <param name="run">What runs; it is given what to call with the number of steps done.</param>
    internal static Task<T> ShowAsync<T>(int total, Func<Action<int>, Task<T>> run) =>
        AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected ? ShowBarAsync(total, run) : ShowLinesAsync(total, run);

    private static Task<T> ShowBarAsync<T>(int total, Func<Action<int>, Task<T>> run) =>
        AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(context =>
            {
                var bar = context.AddTask("files", maxValue: total);
                return run(done => bar.Value = Math.Max(bar.Value, done));
            });

    private static Task<T> ShowLinesAsync<T>(int total, Func<Action<int>, Task<T>> run)
    {
        var clock = Stopwatch.StartNew();
        return run(done =>
        {
            if (done * 10L / total > (done - 1) * 10L / total)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {done} of {total} files after {clock.Elapsed.TotalSeconds:0.0} s"));
            }
        });
    }
}
