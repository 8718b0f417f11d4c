using System.Text;
using Celeriac.Messaging;

namespace Celeriac.SharedState;

/// <summary>
/// The claims of unique tasks: under a key made of the task and its arguments stands the id of the one that is under way. Every step looks whose claim it is,
/// so that doing it twice, or too late, harms nobody.
/// </summary>
internal static class UniqueClaims
{
    private const int MostTries = 20;

    /// <summary>Claims the key for a task. Answers null where it got it, else the id of the task that holds it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="claim">What is claimed.</param>
    /// <param name="taskId">For whom.</param>
    /// <param name="delay">How long it will not be run; the window begins after that.</param>
    /// <param name="hasEnded">Whether a holder's claim has outlived its task: one that died before it released it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<string?> TryTakeAsync(
        IStateStore store, UniqueClaim claim, string taskId, TimeSpan delay, Func<string, ValueTask<bool>> hasEnded, CancellationToken cancellationToken)
    {
        long expected = 0;
        for (var tries = 1; ; tries++)
        {
            var answer = await store.TryWriteAsync([Claim(claim, taskId, delay, expected)], cancellationToken).ConfigureAwait(false);
            if (answer.IsWritten)
            {
                return null;
            }
            expected = 0;
            if (answer.Present.Find(claim.Key) is { } present)
            {
                var holder = HolderOf(present);
                // The same id is the same call, which could not be sent or may not have been: it may be sent again.
                if (holder != taskId && (tries == MostTries || !await hasEnded(holder).ConfigureAwait(false)))
                {
                    return holder;
                }
                expected = present.Version;
            }
        }
    }

    /// <summary>The run begins: releases a claim that ends here, and begins the window of another anew.</summary>
    public static ValueTask StartedAsync(IStateStore store, UniqueClaim claim, string taskId, CancellationToken cancellationToken) => claim.Until == UniqueUntil.Started
        ? ReleaseAsync(store, claim, taskId, cancellationToken)
        : RenewAsync(store, claim, taskId, TimeSpan.Zero, orTake: true, cancellationToken);

    /// <summary>The task will run again: begins the window anew, after the delay.</summary>
    public static ValueTask RetryingAsync(IStateStore store, UniqueClaim claim, string taskId, TimeSpan delay, CancellationToken cancellationToken) => claim.Until == UniqueUntil.Started
        ? ValueTask.CompletedTask
        : RenewAsync(store, claim, taskId, delay, orTake: false, cancellationToken);

    /// <summary>Ends a task's own claim; nothing where there is none, or another's.</summary>
    public static async ValueTask ReleaseAsync(IStateStore store, UniqueClaim claim, string taskId, CancellationToken cancellationToken)
    {
        var present = (await store.ReadAsync([claim.Key], cancellationToken).ConfigureAwait(false)).Find(claim.Key);
        for (var tries = 1; tries <= MostTries && present is not null && HolderOf(present) == taskId; tries++)
        {
            var answer = await store.TryWriteAsync([new StateChange(claim.Key, null) { ExpectedVersion = present.Version }], cancellationToken).ConfigureAwait(false);
            present = answer.Present.Find(claim.Key);
        }
    }

    private static async ValueTask RenewAsync(IStateStore store, UniqueClaim claim, string taskId, TimeSpan delay, bool orTake, CancellationToken cancellationToken)
    {
        var present = (await store.ReadAsync([claim.Key], cancellationToken).ConfigureAwait(false)).Find(claim.Key);
        if (present is null ? orTake : HolderOf(present) == taskId)
        {
            // Whoever changed it meanwhile has decided about it: no second try.
            await store.TryWriteAsync([Claim(claim, taskId, delay, present?.Version ?? 0)], cancellationToken).ConfigureAwait(false);
        }
    }

    private static StateChange Claim(UniqueClaim claim, string taskId, TimeSpan delay, long expected) =>
        new(claim.Key, Encoding.UTF8.GetBytes(taskId)) { ExpectedVersion = expected, Lifetime = claim.Window + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero) };

    private static string HolderOf(StateEntry entry) => Encoding.UTF8.GetString(entry.Content.Span);
}
