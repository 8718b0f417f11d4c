using System.Globalization;
using Celeriac.SharedState;

namespace Celeriac.Working.Limits;

/// <summary>The worker as the holder of places under concurrency limits: one key in shared state, whose renewal renews them all.</summary>
internal sealed class SlotOwner(string node, TimeSpan lease, StateReach state, TimeProvider time)
{
    private long _last;
    private int _held;

    /// <summary>Another one for each start: the places of the last life stay its own, and end with it.</summary>
    public string Key { get; } = StateKey.Of(SlotTable.OwnerKind, node, Guid.NewGuid().ToString("N"));

    public TimeSpan Lease { get; } = lease;

    /// <summary>A place that nobody has had.</summary>
    public string NewPlace() => string.Create(CultureInfo.InvariantCulture, $"{Key} {Interlocked.Increment(ref _last)}");

    public void Took() => Interlocked.Increment(ref _held);

    public void Released() => Interlocked.Decrement(ref _held);

    /// <summary>Renews what is held until the token fires.</summary>
    public async Task RenewAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(Lease / 3, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Volatile.Read(ref _held) > 0 && !stop.IsCancellationRequested)
            {
                await ((Task)state.UntilAnsweredAsync(RenewOnceAsync, stop).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async ValueTask<bool> RenewOnceAsync(StateUpdates updates, CancellationToken cancellationToken)
    {
        await SlotTable.RenewAsync(updates, Key, Lease, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
