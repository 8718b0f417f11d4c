using System.Collections.Concurrent;
using Celeriac.Messaging.Stores;

namespace Celeriac.Postgres.Reading;

/// <summary>
/// Remembers what was found empty. As long as nothing was heard since, it is empty still, and looking again needs no statement;
/// after the poll's time it is looked at all the same.
/// </summary>
internal sealed class QuietQueues(Hearing hearing, TimeSpan poll, TimeProvider time)
{
    private readonly ConcurrentDictionary<(long Holder, bool ExpiredOnly), Quiet> _queues = new();
    private (long Sequence, long Heard, long At)? _documents;
    private readonly Lock _lock = new();

    /// <summary>The empty answer, where it is known; else null.</summary>
    public TakeAnswer? AnswerTo(TakeRequest request) =>
        !request.ExpiredOnly && _queues.TryGetValue((request.Holder, false), out var quiet) && quiet.Heard == hearing.NewsOf(request.QueueIds) && IsRecent(quiet.At)
            && (quiet.NextDue == 0 || quiet.NextDue > request.Now) && request.QueueIds.All(quiet.QueueIds.Contains)
            ? new TakeAnswer([], quiet.NextDue)
            : null;

    /// <summary>Notes the answer to a take, sent after so much had been heard of its queues.</summary>
    public void Note(TakeRequest request, TakeAnswer answer, long heard)
    {
        if (answer.Messages.Count == 0 && answer.UnknownQueue is null && request.AtMost > 0)
        {
            _queues[(request.Holder, request.ExpiredOnly)] = new Quiet([.. request.QueueIds], answer.NextDue, heard, time.GetTimestamp());
        }
        else
        {
            _queues.TryRemove((request.Holder, request.ExpiredOnly), out _);
        }
    }

    /// <summary>A holder has left.</summary>
    public void Forget(long holder)
    {
        _queues.TryRemove((holder, false), out _);
        _queues.TryRemove((holder, true), out _);
    }

    /// <summary>True where no document was written after a place in the log.</summary>
    public bool HasNothingAfter(long sequence)
    {
        lock (_lock)
        {
            return _documents is { } quiet && quiet.Sequence == sequence && quiet.Heard == hearing.Version && IsRecent(quiet.At);
        }
    }

    /// <summary>Notes how many documents were found after a place in the log.</summary>
    public void Note(long sequence, int found, long heard)
    {
        lock (_lock)
        {
            _documents = found == 0 ? (sequence, heard, time.GetTimestamp()) : null;
        }
    }

    private bool IsRecent(long at) => time.GetElapsedTime(at) < poll;

    private sealed record Quiet(HashSet<long> QueueIds, long NextDue, long Heard, long At);
}
