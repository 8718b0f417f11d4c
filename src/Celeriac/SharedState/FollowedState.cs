using Celeriac.Messaging;

namespace Celeriac.SharedState;

/// <summary>The pause between two looks at a value that every worker follows.</summary>
internal static class FollowedState
{
    // A notification may be lost with its connection.
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    /// <summary>Returns when the store tells of a change after <paramref name="seen"/>, or after a while; where it tells nobody, after <paramref name="pause"/>.</summary>
    public static async Task PauseAsync(IStateStore store, long? seen, TimeSpan pause, TimeProvider time, CancellationToken stop)
    {
        if (seen is { } version && store.Followed is { } changes)
        {
            await changes.WaitAsync(version, s_longest, time, stop).AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        else
        {
            await Task.Delay(pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
