using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Postgres.Reading;
using Celeriac.Postgres.Writing;
using Npgsql;

namespace Celeriac.Postgres.Transactions;

/// <summary>What is written into a user's own transaction on the database of the queues.</summary>
internal static class TransactionWriting
{
    private const int Stale = 1;
    private const int Elsewhere = 2;

    /// <summary>Puts publications into their queues; they are there when, and only when, the transaction is committed.</summary>
    /// <exception cref="TransportRefusedException">The transaction is on another database, or a queue does not exist.</exception>
    public static async ValueTask PutAsync(
        UserTransaction transaction, StoreTransport transport, PostgresQueueStore store, ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken)
    {
        var identity = await store.IdentityAsync(cancellationToken).ConfigureAwait(false);
        for (var attempt = 1; ; attempt++)
        {
            var (version, puts) = await transport.Commits.RouteAsync(publications, isFresh: attempt > 1, cancellationToken).ConfigureAwait(false);
            // A snapshot that the transaction took long ago shows an old version for ever: after a fresh look only the queues themselves must be there.
            switch (await PutOnceAsync(transaction, store.Schema, identity, attempt > 1 ? null : version, puts, cancellationToken).ConfigureAwait(false))
            {
                case Elsewhere:
                    throw WrongDatabase(transport.Name);
                case Stale when attempt < 3:
                    continue;
                case Stale:
                    throw new TransportRefusedException($"A queue on '{transport.Name}' was made or deleted while the transaction ran, and the transaction does not see it. Nothing was sent; roll back and do it again.");
                default:
                    return;
            }
        }
    }

    /// <summary>Ends a claim with its result; answers the number of the transaction, or null where the claim is lost.</summary>
    public static async ValueTask<long?> EndAsync(
        UserTransaction transaction, PostgresQueueStore store, string name, DeliveryClaim claim, Document? document, long now, CancellationToken cancellationToken)
    {
        var command = transaction.Command($"SELECT CASE {store.Schema}.end_claim($1, $2, $3, $4, $5, $6, $7, $8, $9) WHEN 0 THEN txid_current() WHEN {Elsewhere} THEN -1 END");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.AddRange(new[]
            {
                Rows.Value(await store.IdentityAsync(cancellationToken).ConfigureAwait(false)), Rows.Value(claim.Tag), Rows.Value(claim.Generation), Rows.Value(claim.Holder),
                Rows.Value(document?.Key), Rows.Value(document?.ExpiresAt?.ToUnixTimeMilliseconds()), Rows.Value(document?.IsFinal, NpgsqlTypes.NpgsqlDbType.Boolean),
                Rows.Value(document?.Content.ToArray(), NpgsqlTypes.NpgsqlDbType.Bytea), Rows.Value(now),
            });
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) switch
            {
                -1L => throw WrongDatabase(name),
                long number => number,
                _ => null,
            };
        }
    }

    private static async Task<int> PutOnceAsync(
        UserTransaction transaction, string schema, long identity, long? version, IReadOnlyList<StorePut> puts, CancellationToken cancellationToken)
    {
        var command = transaction.Command($"SELECT {schema}.put_messages($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(Rows.Value(identity));
            command.Parameters.Add(Rows.Value(version));
            MessageColumns.AddPuts(command.Parameters, puts);
            return (int)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }

    private static TransportRefusedException WrongDatabase(string name) => new(
        $"The transaction is on another database than '{name}', so it cannot hold its tasks. Begin it on that database, or use a PostgresOutbox beside your data. Roll back: nothing was sent.");
}
