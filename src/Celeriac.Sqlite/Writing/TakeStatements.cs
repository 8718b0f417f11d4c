using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Sqlite.Engine;
using Celeriac.Sqlite.Reading;

namespace Celeriac.Sqlite.Writing;

/// <summary>Claims messages: reads the best ones and moves them from those that are ready to those that are claimed.</summary>
internal sealed class TakeStatements(Database database)
{
    // A take is one transaction in memory: with the largest bodies it ends early, and the next take brings the rest.
    private const long LargestTake = 32 * 1024 * 1024;

    // A million messages due at the same moment are promoted piece by piece, the earliest first.
    private const int PromotedAtOnce = 1000;

    private const string Columns = """
        m.id, r.attempt, r.deaths, m.expires_at, m.exchange, m.routing_key, m.content_type, m.content_encoding, m.correlation_id, m.reply_to,
        m.message_id, m.message_priority, m.expiration_ticks, m.persistent, m.headers, m.body, m.priority, m.due
        """;

    // CROSS JOIN: in this order and no other.
    internal const string SelectReady = $"SELECT {Columns} FROM ready AS r CROSS JOIN messages AS m ON m.id = r.id WHERE r.queue = ? ORDER BY r.priority DESC, r.id LIMIT ?";
    internal const string SelectDue = "FROM delayed WHERE queue = ? AND due <= ? ORDER BY due, id";

    private readonly Statement _holderExists = database.Prepare("SELECT 1 FROM holders WHERE id = ?");
    private readonly Statement _isDue = database.Prepare($"SELECT 1 {SelectDue} LIMIT 1");
    private readonly Statement _promote = database.Prepare($"INSERT INTO ready(queue, priority, id, attempt, deaths) SELECT queue, priority, id, 0, 0 {SelectDue} LIMIT {PromotedAtOnce}");
    private readonly Statement _forgetDue = database.Prepare($"DELETE FROM delayed WHERE (queue, due, id) IN (SELECT queue, due, id {SelectDue} LIMIT {PromotedAtOnce})");
    private readonly Statement _ready = database.Prepare(SelectReady);
    private readonly Statement _expired = database.Prepare($"""
        SELECT {Columns} FROM (SELECT * {QueuePeek.FromExpired}) AS m
        LEFT JOIN ready AS r ON r.queue = m.queue AND r.priority = m.priority AND r.id = m.id ORDER BY m.expires_at LIMIT ?
        """);
    private readonly Statement _claimReady = database.Prepare("""
        INSERT INTO claims(id, holder, queue, priority, attempt, deaths)
        SELECT id, ?, queue, priority, attempt + 1, deaths FROM ready WHERE queue = ? ORDER BY priority DESC, id LIMIT ?
        """);
    private readonly Statement _forgetAbove = database.Prepare("DELETE FROM ready WHERE queue = ? AND priority > ?");
    private readonly Statement _forgetUpTo = database.Prepare("DELETE FROM ready WHERE queue = ? AND priority = ? AND id <= ?");
    private readonly Statement _claim = database.Prepare("INSERT INTO claims(id, holder, queue, priority, attempt, deaths) VALUES(?, ?, ?, ?, ?, ?)");
    private readonly Statement _forgetReady = database.Prepare("DELETE FROM ready WHERE queue = ? AND priority = ? AND id = ?");
    private readonly Statement _forgetDelayed = database.Prepare("DELETE FROM delayed WHERE queue = ? AND due = ? AND id = ?");
    private readonly QueuePeek _peek = new(database);

    /// <summary>Claims what the request asks for. A holder that was reclaimed gets nothing: nobody would ever give its messages back.</summary>
    public TakeAnswer Take(TakeRequest request)
    {
        List<TakenMessage> taken = [];
        if (_holderExists.With(request.Holder).HasRow())
        {
            long bytes = 0;
            // While this waited for its turn others may have been settled, by this very transaction too: there is room for as many more.
            var atMost = Math.Max(request.AtMost, request.Room?.Invoke() ?? 0);
            foreach (var queueId in request.QueueIds)
            {
                if (taken.Count < atMost && bytes < LargestTake)
                {
                    TakeFrom(queueId, request, atMost - taken.Count, taken, ref bytes);
                }
            }
        }
        return _peek.AnswerWith(taken, request);
    }

    private void TakeFrom(long queueId, TakeRequest request, long atMost, List<TakenMessage> taken, ref long bytes)
    {
        if (request.ExpiredOnly)
        {
            TakeExpired(queueId, request, atMost, taken, ref bytes);
            return;
        }
        if (_isDue.With(queueId).With(request.Now).HasRow())
        {
            _promote.With(queueId).With(request.Now).Run();
            _forgetDue.With(queueId).With(request.Now).Run();
        }
        long count = 0, priority = 0;
        _ready.With(queueId).With(atMost);
        while (bytes < LargestTake && _ready.Read())
        {
            var message = ReadRow(_ready, queueId, request.Holder);
            priority = _ready.Number(16);
            bytes += message.Message.Body.Length;
            taken.Add(message);
            count++;
        }
        _ready.Reset();
        if (count > 0)
        {
            // The first of the queue, without a gap: what lies before the last of them is taken too.
            _claimReady.With(request.Holder).With(queueId).With(count).Run();
            _forgetAbove.With(queueId).With(priority).Run();
            _forgetUpTo.With(queueId).With(priority).With(taken[^1].Claim.Tag).Run();
        }
    }

    private void TakeExpired(long queueId, TakeRequest request, long atMost, List<TakenMessage> taken, ref long bytes)
    {
        List<(TakenMessage Message, long Priority, long Due)> expired = [];
        _expired.With(queueId).With(request.Now).With(atMost);
        while (bytes < LargestTake && _expired.Read())
        {
            var message = ReadRow(_expired, queueId, request.Holder);
            bytes += message.Message.Body.Length;
            expired.Add((message, _expired.Number(16), _expired.Number(17)));
        }
        _expired.Reset();
        foreach (var (message, priority, due) in expired)
        {
            var claim = message.Claim;
            _claim.With(claim.Tag).With(claim.Holder).With(queueId).With(priority).With(claim.Generation).With((long)message.Deaths).Run();
            if (_forgetReady.With(queueId).With(priority).With(claim.Tag).Run() == 0)
            {
                _forgetDelayed.With(queueId).With(due).With(claim.Tag).Run();
            }
            taken.Add(message);
        }
    }

    private static TakenMessage ReadRow(Statement row, long queueId, long holder)
    {
        var attempt = row.Number(1) + 1;
        var message = new Message
        {
            ContentType = row.TextOrNull(6),
            ContentEncoding = row.TextOrNull(7),
            CorrelationId = row.TextOrNull(8),
            ReplyTo = row.TextOrNull(9),
            MessageId = row.TextOrNull(10),
            Priority = (byte?)row.NumberOrNull(11),
            Expiration = row.NumberOrNull(12) is { } ticks ? TimeSpan.FromTicks(ticks) : null,
            Persistent = row.Number(13) != 0,
            Headers = MessageHeaders.FromEncoded(row.Bytes(14)),
            Body = row.Bytes(15),
        };
        return new TakenMessage(new DeliveryClaim(row.Number(0), attempt, holder), queueId, message, row.Text(4), row.Text(5))
        {
            Redelivered = attempt > 1,
            Deaths = (int)row.Number(2),
            ExpiresAt = row.Number(3),
        };
    }
}
