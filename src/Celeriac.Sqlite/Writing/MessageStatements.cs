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
        INSERT INTO messages(id, queue, priority, due, expires_at, exchange, routing_key, content_type, content_encoding, correlation_id, reply_to,
          message_id, message_priority, expiration_ticks, persistent, headers, body)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);
    private readonly Statement _putReady = database.Prepare("INSERT INTO ready(queue, priority, id, attempt, deaths) VALUES(?, ?, ?, 0, 0)");
    private readonly Statement _putDelayed = database.Prepare("INSERT INTO delayed(queue, due, id, priority) VALUES(?, ?, ?, ?)");
    private readonly Statement _remove = database.Prepare("DELETE FROM messages WHERE id = ?");
    private readonly Statement _return = database.Prepare("""
        INSERT INTO ready(queue, priority, id, attempt, deaths) SELECT queue, priority, id, attempt, deaths FROM claims WHERE id = ? AND holder = ? AND attempt = ?
        """);
    private readonly Statement _end = database.Prepare("DELETE FROM claims WHERE id = ? AND holder = ? AND attempt = ?");
    // The same rows twice, in one order: first the messages, then where they stand.
    private readonly Statement _purgeReady = database.Prepare($"DELETE FROM messages WHERE id IN (SELECT id {FirstReady})");
    private readonly Statement _forgetReady = database.Prepare($"DELETE FROM ready WHERE (queue, priority, id) IN (SELECT queue, priority, id {FirstReady})");
    private readonly Statement _purgeDelayed = database.Prepare($"DELETE FROM messages WHERE id IN (SELECT id {FirstDelayed})");
    private readonly Statement _forgetDelayed = database.Prepare($"DELETE FROM delayed WHERE (queue, due, id) IN (SELECT queue, due, id {FirstDelayed})");
    private readonly Statement _removeClaimed = database.Prepare("DELETE FROM messages WHERE id IN (SELECT id FROM claims WHERE queue = ?)");
    private readonly Statement _endClaimed = database.Prepare("DELETE FROM claims WHERE queue = ?");

    private static string FirstReady => $"FROM ready WHERE queue = ? AND id <= ? ORDER BY priority DESC, id LIMIT {LargestPiece}";
    private static string FirstDelayed => $"FROM delayed WHERE queue = ? AND id <= ? ORDER BY due, id LIMIT {LargestPiece}";

    /// <summary>The numbers of messages.</summary>
    public RowNumbers Numbers { get; } = new(database, "last_message");

    /// <summary>Stores a message.</summary>
    /// <param name="put">The message and where it goes.</param>
    /// <param name="headers">Its headers, encoded; null where they are to be encoded here.</param>
    public void Put(StorePut put, byte[]? headers)
    {
        var message = put.Message;
        var id = Numbers.Next();
        _put.With(id).With(put.QueueId).With((long)put.Priority).With(put.Due).With(put.ExpiresAt).With(put.Exchange).With(put.RoutingKey)
            .With(message.ContentType).With(message.ContentEncoding).With(message.CorrelationId).With(message.ReplyTo).With(message.MessageId)
            .With((long?)message.Priority).With(message.Expiration?.Ticks).With(message.Persistent ? 1L : 0L)
            .With((headers ?? HeaderCodec.Encode(message.Headers)).AsSpan()).With(message.Body.Span).Run();
        _ = put.Due == 0
            ? _putReady.With(put.QueueId).With((long)put.Priority).With(id).Run()
            : _putDelayed.With(put.QueueId).With(put.Due).With(id).With((long)put.Priority).Run();
    }

    /// <summary>Ends a claim; false where row, holder or attempt are no longer as claimed.</summary>
    public bool End(DeliveryClaim claim, ClaimEnd end)
    {
        if (end == ClaimEnd.Return && _return.With(claim.Tag).With(claim.Holder).With(claim.Generation).Run() == 0)
        {
            return false;
        }
        return _end.With(claim.Tag).With(claim.Holder).With(claim.Generation).Run() > 0 && (end == ClaimEnd.Return || _remove.With(claim.Tag).Run() > 0);
    }

    /// <summary>Deletes some of the unclaimed messages up to a number; answers how many. Fewer than <see cref="LargestPiece"/> says that none is left.</summary>
    public int PurgePiece(long queueId, long upTo)
    {
        var purged = _purgeReady.With(queueId).With(upTo).Run();
        _forgetReady.With(queueId).With(upTo).Run();
        if (purged < LargestPiece)
        {
            purged += _purgeDelayed.With(queueId).With(upTo).Run();
            _forgetDelayed.With(queueId).With(upTo).Run();
        }
        return purged;
    }

    /// <summary>Deletes the claimed messages of a queue, whose claims are lost by it.</summary>
    public void RemoveClaimed(long queueId)
    {
        _removeClaimed.With(queueId).Run();
        _endClaimed.With(queueId).Run();
    }
}
