using System.Globalization;
using System.Text;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.SharedState;

/// <summary>
/// Chords counted in shared state: an entry for each member that has ended, and one counter, changed together. Members that end at once in one process share a
/// write, so that ten thousand cost far fewer.
/// </summary>
internal sealed class StateChordCounter(StateUpdates updates, TimeSpan lifetime) : IChordCounter
{
    private const int MostTogether = 200;
    private const int MostBytesTogether = 4 << 20;
    private const string Closed = "closed";
    private static readonly TimeSpan s_memory = TimeSpan.FromDays(1);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<Waiting>> _waiting = new(StringComparer.Ordinal);

    public bool IsShared => false;

    public async ValueTask BeginAsync(string groupId, int size, CancellationToken cancellationToken) =>
        await updates.Store.TryWriteAsync([Count(groupId, new ChordCount(0, size), version: 0)], cancellationToken).ConfigureAwait(false);

    public async ValueTask<ChordCount> AddAsync(string groupId, ChordPart part, CancellationToken cancellationToken)
    {
        var own = new Waiting(part);
        Queue<Waiting> line;
        lock (_lock)
        {
            if (_waiting.TryGetValue(groupId, out var there))
            {
                there.Enqueue(own);
                line = there;
            }
            else
            {
                _waiting.Add(groupId, line = new Queue<Waiting>([own]));
                own.Leads = true;
            }
        }
        if (own.Leads)
        {
            await LeadAsync(groupId, line, cancellationToken).ConfigureAwait(false);
        }
        return await own.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public ValueTask GrowAsync(string groupId, string taskId, CancellationToken cancellationToken)
    {
        var grown = StateKey.Of("chord-more", StateKey.Part(groupId), StateKey.Part(taskId));
        return new ValueTask(updates.ChangeAsync([CountKey(groupId), grown], Decide, cancellationToken).AsTask());

        StateDecision<bool> Decide(StateReading reading) => CountOf(reading.Find(CountKey(groupId))) is { Size: { } size } count && reading.Find(grown) is null
            ? new(true, [Count(groupId, count with { Size = size + 1 }, reading.Find(CountKey(groupId))!.Version), new StateChange(grown, "1"u8.ToArray()) { ExpectedVersion = 0, Lifetime = lifetime }])
            : new(false, []);
    }

    public async ValueTask<ChordCount> CountAsync(string groupId, CancellationToken cancellationToken) =>
        CountOf((await updates.Store.ReadAsync([CountKey(groupId)], cancellationToken).ConfigureAwait(false)).Find(CountKey(groupId)));

    public async ValueTask<IReadOnlyList<ChordPart>> ReadAsync(string groupId, CancellationToken cancellationToken) =>
        [.. (await StatePieces.ReadAsync(updates.Store, PartsOf(groupId), cancellationToken).ConfigureAwait(false)).Select(part => PartOf(part.Content))];

    public async ValueTask EndAsync(string groupId, CancellationToken cancellationToken)
    {
        // Whoever tells of a member once more finds that all is done.
        await updates.Store.TryWriteAsync([new StateChange(CountKey(groupId), Encoding.UTF8.GetBytes(Closed)) { Lifetime = s_memory }], cancellationToken).ConfigureAwait(false);
        await StatePieces.DeleteAsync(updates.Store, PartsOf(groupId), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes for all who wait, until nobody does.</summary>
    private async ValueTask LeadAsync(string groupId, Queue<Waiting> line, CancellationToken cancellationToken)
    {
        while (Take(groupId, line) is { Count: > 0 } some)
        {
            try
            {
                var (count, added) = await WriteAsync(groupId, some, cancellationToken).ConfigureAwait(false);
                var before = count.Ended - added.Count;
                // The last that was added sees that all have ended, and nobody else; one that was there before sees it again, for its worker may have died over it.
                some.ForEach(one => one.Answer.TrySetResult(added.Remove(one.Part.TaskId) ? count with { Ended = ++before } : count));
            }
            catch (Exception error)
            {
                // Each of them tries again for itself.
                some.ForEach(one => one.Answer.TrySetException(error is OperationCanceledException ? new TransportException("Another member's wait for shared state was given up.", error) : error));
            }
        }
    }

    private List<Waiting> Take(string groupId, Queue<Waiting> line)
    {
        List<Waiting> some = [];
        var bytes = 0;
        lock (_lock)
        {
            while (some.Count < MostTogether && bytes < MostBytesTogether && line.TryDequeue(out var one))
            {
                some.Add(one);
                bytes += one.Part.Result.Length;
            }
            if (some.Count == 0)
            {
                _waiting.Remove(groupId);
            }
        }
        return some;
    }

    private ValueTask<(ChordCount Count, HashSet<string> Added)> WriteAsync(string groupId, List<Waiting> some, CancellationToken cancellationToken)
    {
        var parts = some.Select(one => one.Part).DistinctBy(part => part.TaskId)
            .Select(part => (part.TaskId, Key: PartKey(groupId, part), Content: ContentOf(part)))
            .ToList();
        string[] keys = [CountKey(groupId), .. parts.SelectMany(part => StatePieces.Keys(part.Key, part.Content.Length))];
        return updates.ChangeAsync(keys, Decide, cancellationToken);

        StateDecision<(ChordCount, HashSet<string>)> Decide(StateReading reading)
        {
            var entry = reading.Find(CountKey(groupId));
            if (CountOf(entry) is not { Size: not null } count)
            {
                return new((default, []), []);
            }
            var there = reading.Entries.Select(found => found.Key).ToHashSet(StringComparer.Ordinal);
            var added = parts.Where(part => !there.Contains(part.Key)).ToList();
            count = count with { Ended = count.Ended + added.Count };
            return new((count, added.Select(part => part.TaskId).ToHashSet(StringComparer.Ordinal)), added.Count == 0 ? [] : [Count(groupId, count, entry!.Version), .. added.SelectMany(part => StatePieces.Changes(part.Key, part.Content, lifetime))]);
        }
    }

    private StateChange Count(string groupId, ChordCount count, long version) =>
        new(CountKey(groupId), Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{count.Ended} {count.Size}"))) { ExpectedVersion = version, Lifetime = lifetime };

    private static ChordCount CountOf(StateEntry? entry) =>
        entry is not null && Encoding.UTF8.GetString(entry.Content.Span).Split(' ') is [var ended, var size]
        && int.TryParse(ended, NumberStyles.None, CultureInfo.InvariantCulture, out var done) && int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var all)
            ? new ChordCount(done, all)
            : default;

    private static string CountKey(string groupId) => StateKey.Of("chord-count", StateKey.Part(groupId));

    private static string PartsOf(string groupId) => StateKey.Of("chord-part", StateKey.Part(groupId)) + "/";

    // In the order of their places; an id has one place.
    private static string PartKey(string groupId, ChordPart part) =>
        StateKey.Of("chord-part", StateKey.Part(groupId), string.Create(CultureInfo.InvariantCulture, $"{part.Index ?? int.MaxValue:D10}-{StateKey.Part(part.TaskId)}"));

    /// <summary>A member's content: its place, state and id in a line, then its result.</summary>
    private static byte[] ContentOf(ChordPart part) =>
        [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{part.Index ?? -1} {part.Status} {part.TaskId}\n")), .. part.Result.Span];

    private static ChordPart PartOf(ReadOnlyMemory<byte> content)
    {
        var line = content.Span.IndexOf((byte)'\n');
        var words = Encoding.UTF8.GetString(content.Span[..Math.Max(0, line)]).Split(' ', 3);
        return words is [var index, var status, var id] && int.TryParse(index, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var place)
            ? new ChordPart(place < 0 ? null : place, id, status, content[(line + 1)..])
            : new ChordPart(null, "", TaskStates.Failure, ExceptionCodec.Encode(new TaskFailure("DecodeError", "celeriac", ["What shared state holds of a chord's member cannot be read."], null)));
    }

    private sealed class Waiting(ChordPart part)
    {
        public ChordPart Part { get; } = part;
        public bool Leads { get; set; }
        public TaskCompletionSource<ChordCount> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
