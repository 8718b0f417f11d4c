using Celeriac.Messaging.Serialization;
using Celeriac.Postgres.Pickles;
using Celeriac.Postgres.Reading;
using Celeriac.Postgres.Schema;
using Npgsql;
using NpgsqlTypes;
using static Celeriac.Postgres.Reading.Rows;

namespace Celeriac.Postgres.PythonResults;

/// <summary>The statements on <c>celery_taskmeta</c> as SQLAlchemy makes it. See CELERY-PROTOCOL section 13.3.</summary>
internal sealed class TaskMetaTable(string schema, bool makes)
{
    private const string Extended = ", name, args, kwargs, worker, retries, queue";
    private string _extended = "";

    /// <summary>Makes the table where it is missing, and looks whether it has the columns of <c>result_extended</c>.</summary>
    public async Task PrepareAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string columns = "SELECT count(*) FROM information_schema.columns WHERE table_schema = $1 AND table_name = 'celery_taskmeta'";
        var count = await connection.ScalarAsync<long>(columns, cancellationToken, Value(schema)).ConfigureAwait(false);
        if (count == 0 && makes)
        {
            await MakeAsync(connection, cancellationToken).ConfigureAwait(false);
            count = await connection.ScalarAsync<long>(columns, cancellationToken, Value(schema)).ConfigureAwait(false);
        }
        // id, task_id, status, result, date_done and traceback are always there.
        _extended = count >= 12 ? Extended : "";
    }

    /// <summary>Writes a record unless the task has succeeded before, and tells who listens.</summary>
    public Task<int> WriteAsync(NpgsqlConnection connection, ResultRecord record, DateTime done, CancellationToken cancellationToken)
    {
        var hasMore = _extended.Length > 0;
        var more = hasMore ? ", $6, $7, $8, $9, $10, $11" : "";
        var columns = $"status, result, date_done, traceback{_extended}";
        List<NpgsqlParameter> parameters =
        [
            Value(record.TaskId), Value(record.Status), Value(Pickle.FromJson(record.Result.Span), NpgsqlDbType.Bytea),
            Value(done, NpgsqlDbType.Timestamp), Value(record.Traceback?.Replace('\0', '\ufffd')),
        ];
        if (hasMore)
        {
            parameters.AddRange([
                Value(record.Name), Value(Bytes(record.Args), NpgsqlDbType.Bytea), Value(Bytes(record.Kwargs), NpgsqlDbType.Bytea),
                Value(record.Worker), Value(record.Retries, NpgsqlDbType.Integer), Value(record.Queue)]);
        }
        return connection.ScalarAsync<int>(
            $"""
            WITH written AS (
              INSERT INTO {schema}.celery_taskmeta AS meta (id, task_id, {columns})
              VALUES (nextval('{schema}.task_id_sequence'), $1, $2, $3, $4, $5{more})
              ON CONFLICT (task_id) DO UPDATE SET ({columns}) = (excluded.{columns.Replace(", ", ", excluded.", StringComparison.Ordinal)})
              WHERE meta.status IS DISTINCT FROM 'SUCCESS' RETURNING task_id)
            SELECT 1 FROM (SELECT pg_notify('{schema}', task_id) FROM written) AS told
            """,
            cancellationToken, [.. parameters]);
    }

    /// <summary>The rows of some tasks; a record, or why it cannot be read.</summary>
    public Task<List<MetaRow>> ReadAsync(NpgsqlConnection connection, IEnumerable<string> taskIds, bool onlyEnded, CancellationToken cancellationToken) =>
        connection.ListAsync(
            $"SELECT task_id, status, result, date_done, traceback{_extended} FROM {schema}.celery_taskmeta WHERE task_id = ANY($1){(onlyEnded ? " AND status IN ('SUCCESS', 'FAILURE', 'REVOKED')" : "")}",
            RowOf, cancellationToken, Values(taskIds));

    /// <summary>Deletes a row.</summary>
    public Task<int> ForgetAsync(NpgsqlConnection connection, string taskId, CancellationToken cancellationToken) =>
        connection.ChangeAsync($"DELETE FROM {schema}.celery_taskmeta WHERE task_id = $1", cancellationToken, Value(taskId));

    /// <summary>Deletes some of the rows that were last written before a time, as Celery's <c>celery.backend_cleanup</c> does; answers how many.</summary>
    public Task<int> ExpireAsync(NpgsqlConnection connection, DateTime before, CancellationToken cancellationToken) =>
        connection.ChangeAsync(
            $"DELETE FROM {schema}.celery_taskmeta WHERE id IN (SELECT id FROM {schema}.celery_taskmeta WHERE date_done < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)",
            cancellationToken, Value(before, NpgsqlDbType.Timestamp));

    private static byte[]? Bytes(ReadOnlyMemory<byte> json) => json.IsEmpty ? null : json.ToArray();

    private MetaRow RowOf(NpgsqlDataReader row)
    {
        var taskId = row.GetString(0);
        try
        {
            var status = row.TextOrNull(1) ?? TaskStates.Pending;
            var record = new ResultRecord
            {
                TaskId = taskId,
                Status = status,
                Result = row.IsDBNull(2) ? "null"u8.ToArray() : Pickle.ToJson(row.GetFieldValue<byte[]>(2)),
                DateDone = TaskStates.IsReady(status) && !row.IsDBNull(3) ? new DateTimeOffset(row.GetDateTime(3), TimeSpan.Zero) : null,
                Traceback = row.TextOrNull(4),
                // The table has no column for them.
                Children = "null"u8.ToArray(),
            };
            return new MetaRow(taskId, _extended.Length > 0 ? Extend(record, row) : record, null);
        }
        catch (ContentException error)
        {
            return new MetaRow(taskId, null, new ContentException($"The result of task '{taskId}' cannot be read. {error.Message}", error));
        }
    }

    private static ResultRecord Extend(ResultRecord record, NpgsqlDataReader row) => record with
    {
        Name = row.TextOrNull(5),
        Args = row.IsDBNull(6) ? default : row.GetFieldValue<byte[]>(6),
        Kwargs = row.IsDBNull(7) ? default : row.GetFieldValue<byte[]>(7),
        Worker = row.TextOrNull(8),
        Retries = row.IsDBNull(9) ? null : row.GetInt32(9),
        Queue = row.TextOrNull(10),
    };

    // What SQLAlchemy makes on PostgreSQL, with the columns of result_extended, which Python leaves empty where it does not know them.
    private Task<int> MakeAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => connection.ChangeAsync(
        $"""
        DO $make$ BEGIN
          PERFORM pg_advisory_xact_lock({Migration.LockClass}, 1);
          CREATE SEQUENCE IF NOT EXISTS {schema}.task_id_sequence;
          CREATE TABLE IF NOT EXISTS {schema}.celery_taskmeta (
            id integer NOT NULL PRIMARY KEY, task_id varchar(155) UNIQUE, status varchar(50), result bytea, date_done timestamp, traceback text,
            name varchar(155), args bytea, kwargs bytea, worker varchar(155), retries integer, queue varchar(155));
        END $make$
        """, cancellationToken);
}

/// <summary>A row: its record, or why it cannot be read.</summary>
internal sealed record MetaRow(string TaskId, ResultRecord? Record, ContentException? Error);
