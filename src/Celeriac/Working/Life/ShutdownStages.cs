using Celeriac.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working.Life;

/// <summary>
/// How long a stopping worker waits for its tasks. Warm: the shutdown timeout. Soft, once asked for: the soft one from that moment. Then, or at once where it
/// is asked for, cold: what runs is cancelled.
/// </summary>
internal sealed class ShutdownStages(WorkerOptions options, Func<int> running, string node, TimeProvider time, ILogger log) : IDisposable
{
    // What a cancelled task gets to clean up before its message goes back.
    private static readonly TimeSpan s_lastGrace = TimeSpan.FromSeconds(2);
    private readonly CancellationTokenSource _soft = new();

    /// <summary>Fires when the soft stage is asked for.</summary>
    public CancellationToken Soft => _soft.Token;

    public void AskSoft()
    {
        try
        {
            _ = _soft.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The worker has ended meanwhile.
        }
    }

    public void Dispose() => _soft.Dispose();

    /// <summary>Waits for the tasks; false where they must be cancelled.</summary>
    public async ValueTask<bool> FinishAsync(Task finished, CancellationToken stopNow)
    {
        using var hurry = CancellationTokenSource.CreateLinkedTokenSource(stopNow, _soft.Token);
        var isIdle = running() == 0;
        if (await EndsWithinAsync(finished, options.ShutdownTimeout, hurry.Token).ConfigureAwait(false) && !StaysIdle(isIdle))
        {
            return true;
        }
        if (!_soft.IsCancellationRequested || stopNow.IsCancellationRequested || options.SoftShutdownTimeout <= TimeSpan.Zero)
        {
            return finished.IsCompleted;
        }
        Log.SoftShutdown(log, node, running(), options.SoftShutdownTimeout);
        if (StaysIdle(isIdle))
        {
            await EndsWithinAsync(Task.Delay(Timeout.InfiniteTimeSpan, stopNow), options.SoftShutdownTimeout, stopNow).ConfigureAwait(false);
            return finished.IsCompleted;
        }
        return await EndsWithinAsync(finished, options.SoftShutdownTimeout, stopNow).ConfigureAwait(false);
    }

    /// <summary>What a cancelled task gets.</summary>
    public async ValueTask CleanUpAsync(Task finished) => await EndsWithinAsync(finished, s_lastGrace, CancellationToken.None).ConfigureAwait(false);

    private async ValueTask<bool> EndsWithinAsync(Task task, TimeSpan limit, CancellationToken hurry)
    {
        try
        {
            await task.WaitAsync(limit, time, hurry).ConfigureAwait(false);
            return true;
        }
        catch (Exception error) when (error is TimeoutException || hurry.IsCancellationRequested)
        {
            return false;
        }
    }

    private bool StaysIdle(bool isIdle) => isIdle && options.EnableSoftShutdownOnIdle && _soft.IsCancellationRequested;
}
