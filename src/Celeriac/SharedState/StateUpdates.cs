using Celeriac.Messaging;

namespace Celeriac.SharedState;

/// <summary>What a look at shared state leads to.</summary>
/// <param name="Answer">What the caller gets, once <paramref name="Changes"/> are made.</param>
/// <param name="Changes">What to write, each with the version it was decided on; empty where there is nothing to change.</param>
internal readonly record struct StateDecision<T>(T Answer, IReadOnlyList<StateChange> Changes);

/// <summary>
/// Reads, decides and writes until nobody else's change came in between. Within the process one caller at a time contends for a key, so that a thousand
/// tasks of one key cost a thousand writes and not a million.
/// </summary>
internal sealed class StateUpdates(IStateStore store, TimeProvider time)
{
    private const int MostTries = 50;
    private const int Doors = 64;
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim[] _doors = [.. Enumerable.Range(0, Doors).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>The store.</summary>
    public IStateStore Store { get; } = store;

    /// <summary>Reads the keys, decides, and writes; where another was faster, decides again on what he wrote.</summary>
    /// <param name="keys">The keys. The first is the one that callers contend for.</param>
    /// <param name="decide">Called once a try, with what stands under the keys. It may name only those keys.</param>
    /// <param name="cancellationToken">Ends the wait; a write that is under way may be carried out.</param>
    /// <exception cref="TransportException">The store cannot be reached, or others changed the keys each time.</exception>
    public ValueTask<T> ChangeAsync<T>(IReadOnlyList<string> keys, Func<StateReading, StateDecision<T>> decide, CancellationToken cancellationToken) =>
        ChangeAsync(keys, first: null, decide, cancellationToken);

    /// <summary>The same, with a first write that is tried without a look: where it is refused, what was met is decided on.</summary>
    /// <param name="keys">The keys. The first is the one that callers contend for.</param>
    /// <param name="first">What to write without a look, and the answer where that succeeds.</param>
    /// <param name="decide">Called once a further try, with what stands under the keys.</param>
    /// <param name="cancellationToken">Ends the wait; a write that is under way may be carried out.</param>
    public async ValueTask<T> ChangeAsync<T>(IReadOnlyList<string> keys, StateDecision<T>? first, Func<StateReading, StateDecision<T>> decide, CancellationToken cancellationToken)
    {
        var door = _doors[(string.GetHashCode(keys[0]) & int.MaxValue) % Doors];
        await door.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var decision = first ?? decide(await Store.ReadAsync(keys, cancellationToken).ConfigureAwait(false));
            for (var tries = 1; decision.Changes.Count > 0; tries++)
            {
                var answer = await Store.TryWriteAsync(decision.Changes, cancellationToken).ConfigureAwait(false);
                if (answer.IsWritten)
                {
                    break;
                }
                if (tries == MostTries)
                {
                    throw new TransportException($"Shared state '{keys[0]}' could not be changed: in each of {MostTries} tries somebody else was faster. Nothing was written; try again later.");
                }
                await Task.Delay(s_longestPause * (Random.Shared.NextDouble() * Math.Min(tries, 10) / 10), time, cancellationToken).ConfigureAwait(false);
                // Not all keys were named by the write: what it met is then only a part of what is decided on.
                decision = decide(decision.Changes.Count == keys.Count ? answer.Present : await Store.ReadAsync(keys, cancellationToken).ConfigureAwait(false));
            }
            return decision.Answer;
        }
        finally
        {
            door.Release();
        }
    }
}
