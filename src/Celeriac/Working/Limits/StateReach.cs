using Celeriac.Diagnostics;
using Celeriac.SharedState;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working.Limits;

/// <summary>Shared state for those who can only wait for it: asks until it answers, and tells once that it is away and once that it is back.</summary>
internal sealed class StateReach(StateUpdates updates, string node, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private int _isAway;

    public async ValueTask<T> UntilAnsweredAsync<T>(Func<StateUpdates, CancellationToken, ValueTask<T>> ask, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                var answer = await ask(updates, stop).ConfigureAwait(false);
                if (Interlocked.Exchange(ref _isAway, 0) != 0)
                {
                    Log.LimitsBack(log, node);
                }
                return answer;
            }
            catch (Exception error) when (error is not OutOfMemoryException && !stop.IsCancellationRequested)
            {
                if (Interlocked.Exchange(ref _isAway, 1) == 0)
                {
                    Log.LimitsAway(log, error, node);
                }
            }
            await Task.Delay(s_pause, time, stop).ConfigureAwait(false);
        }
    }
}
