using Microsoft.Extensions.Hosting;

namespace Celeriac.Samples;

/// <summary>
/// Stops a worker gracefully when its input ends: its parent has closed it, or is gone. Only where the parent has said so;
/// a worker in a terminal or a service manager stops on Ctrl+C or SIGTERM, and may well have no input.
/// </summary>
internal sealed class EndOfInput(IHostApplicationLifetime lifetime) : BackgroundService
{
    /// <summary>The environment variable that says so.</summary>
    internal const string Variable = "STOP_AT_END_OF_INPUT";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (Environment.GetEnvironmentVariable(Variable) is null)
        {
            return;
        }
        // A thread of its own: reading blocks it, and cannot be cancelled.
        var ended = Task.Factory.StartNew(ReadToEnd, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await ended.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lifetime.StopApplication();
    }

    private static void ReadToEnd()
    {
        using var input = Console.OpenStandardInput();
        while (input.ReadByte() >= 0)
        {
            // Nothing is said on it.
        }
    }
}
