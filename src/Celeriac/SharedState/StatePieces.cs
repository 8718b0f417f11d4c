using System.Globalization;
using Celeriac.Messaging;

namespace Celeriac.SharedState;

/// <summary>Contents of any size in shared state, cut into pieces: the first under the key, the others under keys below it.</summary>
internal static class StatePieces
{
    private const int Largest = 240 * 1024;
    private const int MostAtOnce = 1000;

    /// <summary>The keys of a content, the first first.</summary>
    public static IEnumerable<string> Keys(string key, int length)
    {
        yield return key;
        for (var piece = 1; piece * Largest < length; piece++)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{key}/{piece:D6}");
        }
    }

    /// <summary>The changes that write a content where there is none.</summary>
    public static IEnumerable<StateChange> Changes(string key, ReadOnlyMemory<byte> content, TimeSpan lifetime) => Keys(key, content.Length).Select((name, piece) =>
        new StateChange(name, content[(piece * Largest)..Math.Min(content.Length, (piece + 1) * Largest)]) { Lifetime = lifetime });

    /// <summary>The contents below a prefix, whole, in the order of their keys. The prefix must end where the keys of one content begin.</summary>
    public static async ValueTask<List<(string Key, ReadOnlyMemory<byte> Content)>> ReadAsync(IStateStore store, string prefix, CancellationToken cancellationToken)
    {
        List<(string Key, ReadOnlyMemory<byte> Content)> found = [];
        await foreach (var entry in EntriesAsync(store, prefix, cancellationToken).ConfigureAwait(false))
        {
            if (found.Count > 0 && entry.Key.StartsWith(found[^1].Key + "/", StringComparison.Ordinal))
            {
                found[^1] = (found[^1].Key, (byte[])[.. found[^1].Content.Span, .. entry.Content.Span]);
            }
            else
            {
                found.Add((entry.Key, entry.Content));
            }
        }
        return found;
    }

    /// <summary>Deletes all that lies below a prefix.</summary>
    public static async ValueTask DeleteAsync(IStateStore store, string prefix, CancellationToken cancellationToken)
    {
        while (await store.ListAsync(prefix, MostAtOnce, after: null, cancellationToken).ConfigureAwait(false) is { Entries.Count: > 0 } page)
        {
            await store.TryWriteAsync([.. page.Entries.Select(entry => new StateChange(entry.Key, null))], cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes a content; what stands there already is the same.</summary>
    public static async ValueTask WriteAsync(IStateStore store, string key, ReadOnlyMemory<byte> content, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        foreach (var some in Changes(key, content, lifetime).Chunk(16))
        {
            await store.TryWriteAsync(some, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async IAsyncEnumerable<StateEntry> EntriesAsync(IStateStore store, string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = null;
        while (true)
        {
            var page = await store.ListAsync(prefix, MostAtOnce, after, cancellationToken).ConfigureAwait(false);
            foreach (var entry in page.Entries)
            {
                yield return entry;
            }
            if (page.Entries.Count < MostAtOnce)
            {
                yield break;
            }
            after = page.Entries[^1].Key;
        }
    }
}
