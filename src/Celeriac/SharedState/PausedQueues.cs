using System.Text;
using Celeriac.Messaging;

namespace Celeriac.SharedState;

/// <summary>The queues that are paused for all workers: one value, which who follows it reads.</summary>
internal static class PausedQueues
{
    private const string Key = "paused/queues";

    public static async ValueTask<IReadOnlyList<string>> ReadAsync(IStateStore store, CancellationToken cancellationToken) =>
        NamesOf((await store.ReadAsync([Key], cancellationToken).ConfigureAwait(false)).Find(Key));

    /// <summary>Pauses or resumes queues. Answers those for which that was news.</summary>
    public static ValueTask<IReadOnlyList<string>> ChangeAsync(StateUpdates updates, IReadOnlyCollection<string> queues, bool paused, CancellationToken cancellationToken) =>
        updates.ChangeAsync([Key], reading => Decide(reading.Find(Key), queues, paused), cancellationToken);

    private static StateDecision<IReadOnlyList<string>> Decide(StateEntry? entry, IReadOnlyCollection<string> queues, bool paused)
    {
        var before = NamesOf(entry);
        var changed = queues.Distinct(StringComparer.Ordinal).Where(queue => before.Contains(queue) != paused).ToList();
        if (changed.Count == 0)
        {
            return new StateDecision<IReadOnlyList<string>>(changed, []);
        }
        var after = paused ? before.Concat(changed) : before.Except(changed, StringComparer.Ordinal);
        var content = string.Join('\n', after.Order(StringComparer.Ordinal));
        return new StateDecision<IReadOnlyList<string>>(changed, [new StateChange(Key, content.Length == 0 ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(content)) { ExpectedVersion = entry?.Version ?? 0 }]);
    }

    private static string[] NamesOf(StateEntry? entry) => entry is null ? [] : Encoding.UTF8.GetString(entry.Content.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
