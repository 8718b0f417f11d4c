using Celeriac.Postgres.Reading;
using NpgsqlTypes;

namespace Celeriac.Postgres.Transactions;

/// <summary>Notes in the transaction of a task's work that it has run.</summary>
internal static class InboxStatements
{
    /// <summary>False where it has run before. A repeat that runs at the same time waits until the other's transaction has ended.</summary>
    public static async Task<bool> EnterAsync(UserTransaction transaction, string schema, TaskContext task, CancellationToken cancellationToken)
    {
        var command = transaction.Command($"INSERT INTO {schema}.inbox(task_id, retries) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(Rows.Value(task.Id));
            command.Parameters.Add(Rows.Value(task.Retries, NpgsqlDbType.Integer));
            return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) > 0;
        }
    }

    /// <summary>Keeps what the run answered for its repeats.</summary>
    public static async Task KeepAsync(UserTransaction transaction, string schema, TaskContext task, ReadOnlyMemory<byte> result, CancellationToken cancellationToken)
    {
        var command = transaction.Command($"UPDATE {schema}.inbox SET result = $3 WHERE task_id = $1 AND retries = $2");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(Rows.Value(task.Id));
            command.Parameters.Add(Rows.Value(task.Retries, NpgsqlDbType.Integer));
            command.Parameters.Add(Rows.Value(result.ToArray(), NpgsqlDbType.Bytea));
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What an earlier run answered; null where it is not known.</summary>
    public static async Task<byte[]?> ResultAsync(UserTransaction transaction, string schema, TaskContext task, CancellationToken cancellationToken)
    {
        var command = transaction.Command($"SELECT result FROM {schema}.inbox WHERE task_id = $1 AND retries = $2");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(Rows.Value(task.Id));
            command.Parameters.Add(Rows.Value(task.Retries, NpgsqlDbType.Integer));
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as byte[];
        }
    }
}
