using Celeriac.Messaging;

namespace Celeriac.Postgres.Reading;

/// <summary>
/// Reads documents for many callers at once: what is asked for while a statement is under way goes with the next one. A thousand callers that begin to wait
/// for their results cost a few statements.
/// </summary>
/// <param name="read">Reads documents by their keys.</param>
internal sealed class GatheredReads(Func<IReadOnlyList<string>, ValueTask<IReadOnlyList<StoredDocument>>> read)
{
    private readonly Lock _lock = new();
    private Gathering? _next;
    private Task _running = Task.CompletedTask;

    /// <summary>The documents that exist. The statement begins after the call, so what was committed before it is seen.</summary>
    public async ValueTask<IReadOnlyList<StoredDocument>> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        Task<Dictionary<string, StoredDocument>> answer;
        lock (_lock)
        {
            if (_next is null)
            {
                _next = new Gathering();
                _next.Answer = RunAsync(_next, _running);
                _running = _next.Answer;
            }
            _next.Keys.UnionWith(keys);
            answer = _next.Answer;
        }
        var found = await answer.WaitAsync(cancellationToken).ConfigureAwait(false);
        return [.. keys.Select(key => found.GetValueOrDefault(key)).OfType<StoredDocument>()];
    }

    private async Task<Dictionary<string, StoredDocument>> RunAsync(Gathering gathering, Task before)
    {
        // Also where nothing runs: the caller holds the lock, and adds its keys before this goes on.
        await Task.Yield();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            _next = null;
        }
        var found = await read([.. gathering.Keys]).ConfigureAwait(false);
        return found.ToDictionary(document => document.Key, StringComparer.Ordinal);
    }

    private sealed class Gathering
    {
        public HashSet<string> Keys { get; } = new(StringComparer.Ordinal);

        public Task<Dictionary<string, StoredDocument>> Answer { get; set; } = null!;
    }
}
