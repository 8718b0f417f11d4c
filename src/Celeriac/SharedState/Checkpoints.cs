using Celeriac.Messaging;

namespace Celeriac.SharedState;

/// <summary>The small states that tasks save to go on where they were: one a task, under its id.</summary>
internal static class Checkpoints
{
    public const int LargestBytes = 64 * 1024;

    /// <summary>How long one is found again after it was saved. A task that ends takes it away sooner.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <summary>Saves one, unless a later run has done so: one that froze, whose message somebody else has long since, must not undo what that one has noted.</summary>
    /// <param name="updates">The store.</param>
    /// <param name="taskId">The task.</param>
    /// <param name="run">Which of the task's runs it is.</param>
    /// <param name="json">The value.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False where a later run has saved.</returns>
    /// <exception cref="ArgumentException">The value is too large.</exception>
    public static ValueTask<bool> SaveAsync(StateUpdates updates, string taskId, RunNumber run, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        if (json.Length > LargestBytes)
        {
            throw new ArgumentException($"The checkpoint of task '{taskId}' has {json.Length} bytes as JSON, but may have at most {LargestBytes}. Save where the data is, not the data.", nameof(json));
        }
        var key = KeyOf(taskId);
        byte[] content = [.. run.ToBytes(), .. json.Span];
        return updates.ChangeAsync([key], reading =>
        {
            var present = reading.Find(key);
            return present is not null && RunNumber.Of(present.Content.Span).CompareTo(run) > 0
                ? new StateDecision<bool>(false, [])
                : new StateDecision<bool>(true, [new StateChange(key, content) { ExpectedVersion = present?.Version ?? 0, Lifetime = Lifetime }]);
        }, cancellationToken);
    }

    /// <summary>What was saved last; null for nothing.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(IStateStore store, string taskId, CancellationToken cancellationToken) =>
        (await store.ReadAsync([KeyOf(taskId)], cancellationToken).ConfigureAwait(false)).Entries is [var entry] && entry.Content.Length > RunNumber.Size
            ? entry.Content[RunNumber.Size..]
            : default(ReadOnlyMemory<byte>?);

    public static async ValueTask DeleteAsync(IStateStore store, string taskId, CancellationToken cancellationToken) =>
        await store.TryWriteAsync([new StateChange(KeyOf(taskId), null)], cancellationToken).ConfigureAwait(false);

    private static string KeyOf(string taskId) => StateKey.Of("checkpoint", taskId);
}
