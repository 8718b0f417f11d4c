using Celeriac.Messaging;

namespace Celeriac.SharedState;

/// <summary>The small states that tasks save to go on where they were: one a task, under its id.</summary>
internal static class Checkpoints
{
    public const int LargestBytes = 64 * 1024;

    /// <summary>How long one is found again after it was saved. A task that ends takes it away sooner.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <exception cref="ArgumentException">The value is too large.</exception>
    public static async ValueTask SaveAsync(IStateStore store, string taskId, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        if (json.Length > LargestBytes)
        {
            throw new ArgumentException($"The checkpoint of task '{taskId}' has {json.Length} bytes as JSON, but may have at most {LargestBytes}. Save where the data is, not the data.", nameof(json));
        }
        await store.TryWriteAsync([new StateChange(KeyOf(taskId), json) { Lifetime = Lifetime }], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What was saved last; null for nothing.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(IStateStore store, string taskId, CancellationToken cancellationToken) =>
        (await store.ReadAsync([KeyOf(taskId)], cancellationToken).ConfigureAwait(false)).Entries is [var entry] ? entry.Content : default(ReadOnlyMemory<byte>?);

    public static async ValueTask DeleteAsync(IStateStore store, string taskId, CancellationToken cancellationToken) =>
        await store.TryWriteAsync([new StateChange(KeyOf(taskId), null)], cancellationToken).ConfigureAwait(false);

    private static string KeyOf(string taskId) => StateKey.Of("checkpoint", taskId);
}
