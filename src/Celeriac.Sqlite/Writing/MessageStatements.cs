using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Writing;

/// <summary>Puts messages, ends claims, and deletes the messages of a queue in bounded pieces.</summary>
internal sealed class MessageStatements(Database database)
{
    /// <summary>The most rows that one transaction deletes, so that a large queue does not hold up the other callers.</summary>
    public const int LargestPiece = 5000;

    private readonly Statement _put = database.Prepare("""
        INSERT INTO messages(queue, priority, due, expires_at, exchange, routing_key, content_type, content_encoding, correlation_id, reply_to,
          message_id, message_priority, expiration_ticks, persistent, headers, body)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);
    private readonly Statement _putBody = database.Prepare("INSERT INTO bodies(id, body) VALUES(?, ?)");
    private readonly Statement _remove = database.Prepare("DELETE FROM messages WHERE id = ? AND holder = ? AND attempt = ?");
    private readonly Statement _return = database.Prepare("UPDATE messages SET holder = NULL WHERE id = ? AND holder = ? AND attempt = ?");
    private readonly Statement _newest = database.Prepare("SELECT seq FROM sqlite_sequence WHERE name = 'messages'");
    private readonly Statement _purgeReady = database.Prepare($"""
        DELETE FROM messages WHERE id IN (SELECT id FROM messages INDEXED BY messages_ready
          WHERE queue = ? AND holder IS NULL AND due = 0 AND id <= ? LIMIT {LargestPiece})
        """);
    private readonly Statement _purgeDelayed = database.Prepare($"""
        DELETE FROM messages WHERE id IN (SELECT id FROM messages INDEXED BY messages_delayed
          WHERE queue = ? AND due > 0 AND id <= ? LIMIT {LargestPiece})
        """);
    private readonly Statement _removeClaimed = database.Prepare("DELETE FROM messages INDEXED BY messages_claimed WHERE holder IS NOT NULL AND queue = ?");

    /// <summary>The number of the newest message there ever was.</summary>
    public long Newest => _newest.ReadNumber() ?? 0;

    /// <summary>Stores a message.</summary>
    /// <param name="put">The message and where it goes.</param>
    /// <param name="headers">Its headers, encoded; null where they are to be encoded here.</param>
    public void Put(StorePut put, byte[]? headers)
    {
        var message = put.Message;
        var isLarge = message.Body.Length > SqliteSchema.LargestBodyInRow;
        _put.With(put.QueueId).With((long)put.Priority).With(put.Due).With(put.ExpiresAt).With(put.Exchange).With(put.RoutingKey)
            .With(message.ContentType).With(message.ContentEncoding).With(message.CorrelationId).With(message.ReplyTo).With(message.MessageId)
            .With((long?)message.Priority).With(message.Expiration?.Ticks).With(message.Persistent ? 1L : 0L)
            .With((headers ?? HeaderCodec.Encode(message.Headers)).AsSpan());
        _ = isLarge ? _put.With((long?)null) : _put.With(message.Body.Span);
        _put.Run();
        if (isLarge)
        {
            _putBody.With(database.LastInsertedRow).With(message.Body.Span).Run();
        }
    }

    /// <summary>Ends a claim; false where row, holder or attempt are no longer as claimed.</summary>
    public bool End(DeliveryClaim claim, ClaimEnd end)
    {
        var statement = end == ClaimEnd.Remove ? _remove : _return;
        return statement.With(claim.Tag).With(claim.Holder).With(claim.Generation).Run() > 0;
    }

    /// <summary>Deletes some of the unclaimed messages up to a number; answers how many. Fewer than <see cref="LargestPiece"/> says that none is left.</summary>
    public int PurgePiece(long queueId, long upTo)
    {
        var purged = _purgeReady.With(queueId).With(upTo).Run();
        return purged < LargestPiece ? purged + _purgeDelayed.With(queueId).With(upTo).Run() : purged;
    }

    /// <summary>Deletes the claimed messages of a queue, whose claims are lost by it.</summary>
    public void RemoveClaimed(long queueId) => _removeClaimed.With(queueId).Run();
}
