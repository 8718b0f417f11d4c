using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Sqlite.Engine;
using Celeriac.Sqlite.Reading;

namespace Celeriac.Sqlite.Writing;

/// <summary>Claims messages: reads the best ones and writes holder and attempt on them.</summary>
internal sealed class TakeStatements(Database database)
{
    // A take is one transaction in memory: with the largest bodies it ends early, and the next take brings the rest.
    private const long LargestTake = 32 * 1024 * 1024;

    // A million messages due at the same moment are promoted piece by piece, the earliest first.
    private const int PromotedAtOnce = 1000;

    private const string Columns = """
        id, attempt, deaths, expires_at, exchange, routing_key, content_type, content_encoding, correlation_id, reply_to,
        message_id, message_priority, expiration_ticks, persistent, headers, body
        """;

    // INDEXED BY: should a change of the tables ever make the index useless for it, the store does not open, instead of becoming slow in silence.
    internal const string SelectReady = $"""
        SELECT {Columns} FROM messages INDEXED BY messages_ready WHERE queue = ? AND holder IS NULL AND due = 0 ORDER BY priority DESC, id
        """;
    internal const string SelectDue = "SELECT id FROM messages INDEXED BY messages_delayed WHERE queue = ? AND due > 0 AND due <= ? ORDER BY due";

    private readonly Statement _holderExists = database.Prepare("SELECT 1 FROM holders WHERE id = ?");
    private readonly Statement _promote = database.Prepare($"UPDATE messages SET due = 0 WHERE id IN ({SelectDue} LIMIT {PromotedAtOnce})");
    private readonly Statement _ready = database.Prepare($"{SelectReady} LIMIT ?");
    private readonly Statement _expired = database.Prepare($"""
        SELECT {Columns} FROM messages INDEXED BY messages_expiring
        WHERE queue = ? AND holder IS NULL AND expires_at > 0 AND expires_at <= ? ORDER BY expires_at LIMIT ?
        """);
    private readonly Statement _claim = database.Prepare("UPDATE messages SET holder = ?, attempt = ? WHERE id = ?");
    private readonly Statement _claimExpired = database.Prepare("UPDATE messages SET holder = ?, attempt = ?, due = 0 WHERE id = ?");
    private readonly Statement _body = database.Prepare("SELECT body FROM bodies WHERE id = ?");
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
                TakeFrom(queueId, request, atMost, taken, ref bytes);
            }
            Claim(taken, request.ExpiredOnly ? _claimExpired : _claim);
        }
        return _peek.AnswerWith(taken, request);
    }

    private void TakeFrom(long queueId, TakeRequest request, int atMost, List<TakenMessage> taken, ref long bytes)
    {
        if (taken.Count >= atMost || bytes >= LargestTake)
        {
            return;
        }
        if (!request.ExpiredOnly)
        {
            _promote.With(queueId).With(request.Now).Run();
        }
        var left = (long)(atMost - taken.Count);
        var rows = request.ExpiredOnly ? _expired.With(queueId).With(request.Now).With(left) : _ready.With(queueId).With(left);
        while (bytes < LargestTake && rows.Read())
        {
            var message = ReadRow(rows, queueId, request.Holder);
            bytes += message.Message.Body.Length;
            taken.Add(message);
        }
        rows.Reset();
    }

    private static void Claim(List<TakenMessage> taken, Statement claim)
    {
        foreach (var message in taken)
        {
            claim.With(message.Claim.Holder).With(message.Claim.Generation).With(message.Claim.Tag).Run();
        }
    }

    private TakenMessage ReadRow(Statement row, long queueId, long holder)
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
            Body = row.IsNull(15) ? ReadBody(row.Number(0)) : row.Bytes(15),
        };
        return new TakenMessage(new DeliveryClaim(row.Number(0), attempt, holder), queueId, message, row.Text(4), row.Text(5))
        {
            Redelivered = attempt > 1,
            Deaths = (int)row.Number(2),
            ExpiresAt = row.Number(3),
        };
    }

    private byte[] ReadBody(long id)
    {
        var body = _body.With(id).Read() ? _body.Bytes(0) : [];
        _body.Reset();
        return body;
    }
}
