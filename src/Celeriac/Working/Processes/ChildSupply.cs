using Celeriac.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working.Processes;

/// <summary>Starts children, a few side by side, and takes its time where they do not live long enough to be given a run.</summary>
internal sealed class ChildSupply(ChildStart start, ChildEars ears, string node, TimeProvider time, ILogger log) : IDisposable
{
    private static readonly TimeSpan s_firstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromSeconds(30);
    // More at once would only make each of them slower.
    private readonly SemaphoreSlim _starters = new(Math.Max(2, Environment.ProcessorCount));
    private int _failures;

    /// <summary>A child did what it is for.</summary>
    public void Succeeded() => Volatile.Write(ref _failures, 0);

    /// <summary>A child did not start, or ended before it was given a run.</summary>
    public void Failed() => Interlocked.Increment(ref _failures);

    /// <summary>A child; null where it does not start now, or the pool closes.</summary>
    public async Task<PoolChild?> TryStartAsync(int generation, CancellationToken closing)
    {
        if (Delay() is var delay && delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, time, closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        try
        {
            await _starters.WaitAsync(closing).ConfigureAwait(false);
            try
            {
                return await start.RunAsync(ears, generation, closing).ConfigureAwait(false);
            }
            finally
            {
                _starters.Release();
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (Exception error)
        {
            Failed();
            Log.ChildNotStarted(log, node, error.Message, Delay());
            return null;
        }
    }

    public void Dispose() => _starters.Dispose();

    private TimeSpan Delay() => Volatile.Read(ref _failures) switch
    {
        0 => TimeSpan.Zero,
        > 5 => s_longestDelay,
        var failures => s_firstDelay * (1 << failures) < s_longestDelay ? s_firstDelay * (1 << failures) : s_longestDelay,
    };
}
