using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Npgsql;
using NpgsqlTypes;

namespace Celeriac.Postgres.Writing;

/// <summary>A take as a statement, and its rows as messages.</summary>
internal static class TakeCommand
{
    private const int NextDue = 18;
    private const int UnknownQueue = 19;

    /// <summary>The statement.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="writer">The writer's number.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="known">After a doubtful take what the holder is known to hold; else null.</param>
    /// <param name="isAlone">True where nothing else is in the transaction that must be durable.</param>
    public static NpgsqlBatchCommand Build(string schema, long writer, TakeRequest request, long[]? known, bool isAlone)
    {
        // While this waited for its turn others may have been settled: there is room for as many more.
        var atMost = Math.Max(request.AtMost, request.Room?.Invoke() ?? 0);
        var command = new NpgsqlBatchCommand($"SELECT * FROM {schema}.take($1,$2,$3,$4,$5,$6,$7,$8)");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = writer });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = request.Holder });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. request.QueueIds], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = atMost });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = request.Now });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = request.ExpiredOnly });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)known ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = isAlone });
        return command;
    }

    /// <summary>Reads the rows of one take.</summary>
    public static async Task<TakeAnswer> ReadAsync(NpgsqlDataReader row, TakeRequest request, CancellationToken cancellationToken)
    {
        var taken = new List<(short Priority, TakenMessage Message)>();
        long nextDue = 0;
        long? unknown = null;
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (row.IsDBNull(0))
            {
                nextDue = row.IsDBNull(NextDue) ? 0 : row.GetInt64(NextDue);
                unknown = row.IsDBNull(UnknownQueue) ? null : row.GetInt64(UnknownQueue);
                continue;
            }
            taken.Add((row.GetInt16(3), MessageOf(row, request.Holder)));
        }
        // An UPDATE answers in any order.
        var turns = request.QueueIds.Index().DistinctBy(queue => queue.Item).ToDictionary(queue => queue.Item, queue => queue.Index);
        var best = taken.OrderBy(one => turns[one.Message.QueueId]).ThenByDescending(one => one.Priority).ThenBy(one => one.Message.Claim.Tag);
        return new TakeAnswer([.. best.Select(one => one.Message)], nextDue, unknown);
    }

    private static TakenMessage MessageOf(NpgsqlDataReader row, long holder)
    {
        var attempt = row.GetInt64(1);
        var message = new Message
        {
            ContentType = TextOrNull(row, 8),
            ContentEncoding = TextOrNull(row, 9),
            CorrelationId = TextOrNull(row, 10),
            ReplyTo = TextOrNull(row, 11),
            MessageId = TextOrNull(row, 12),
            Priority = row.IsDBNull(13) ? null : (byte)row.GetInt16(13),
            Expiration = row.IsDBNull(14) ? null : TimeSpan.FromTicks(row.GetInt64(14)),
            Persistent = row.GetBoolean(15),
            Headers = MessageHeaders.FromEncoded(row.GetFieldValue<byte[]>(16)),
            Body = row.GetFieldValue<byte[]>(17),
        };
        return new TakenMessage(new DeliveryClaim(row.GetInt64(0), attempt, holder), row.GetInt64(2), message, row.GetString(6), row.GetString(7))
        {
            Redelivered = attempt > 1,
            Deaths = row.GetInt32(4),
            ExpiresAt = row.GetInt64(5),
        };
    }

    private static string? TextOrNull(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
