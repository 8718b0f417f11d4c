using Celeriac.Messaging.Stores;
using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Reading;

/// <summary>Looks whether a take would find something. It costs some microseconds and no write, so that an empty poll needs no fsync.</summary>
internal sealed class QueuePeek(Database database)
{
    private readonly Statement _queueExists = database.Prepare("SELECT 1 FROM queues WHERE id = ?");
    private readonly Statement _ready = database.Prepare("SELECT 1 FROM ready WHERE queue = ? LIMIT 1");
    private readonly Statement _expired = database.Prepare($"SELECT 1 {FromExpired} LIMIT 1");
    private readonly Statement _firstDue = database.Prepare("SELECT min(due) FROM delayed WHERE queue = ?");

    /// <summary>The messages of a queue that have expired at a moment and are not claimed.</summary>
    // INDEXED BY: should a change of the tables ever make the index useless for it, the store does not open, instead of becoming slow in silence.
    public const string FromExpired = """
        FROM messages AS m INDEXED BY messages_expiring
        WHERE queue = ? AND expires_at > 0 AND expires_at <= ? AND NOT EXISTS (SELECT 1 FROM claims WHERE claims.id = m.id)
        """;

    /// <summary>True when the request would get a message now.</summary>
    public bool IsWorthTaking(TakeRequest request)
    {
        foreach (var queueId in request.AtMost > 0 ? request.QueueIds : [])
        {
            var found = request.ExpiredOnly
                ? _expired.With(queueId).With(request.Now).HasRow()
                : _ready.With(queueId).HasRow() || _firstDue.With(queueId).ReadNumber() <= request.Now;
            if (found)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The answer with these messages: when the next delayed one is due, and which queue is gone.</summary>
    public TakeAnswer AnswerWith(IReadOnlyList<TakenMessage> messages, TakeRequest request)
    {
        long nextDue = 0;
        long? unknown = null;
        foreach (var queueId in request.QueueIds)
        {
            if (_firstDue.With(queueId).ReadNumber() is { } due && (nextDue == 0 || due < nextDue))
            {
                nextDue = due;
            }
            if (unknown is null && !request.ExpiredOnly && !_queueExists.With(queueId).HasRow())
            {
                unknown = queueId;
            }
        }
        return new TakeAnswer(messages, nextDue, unknown);
    }
}
