using Npgsql;

namespace Celeriac.Postgres.Tests;

/// <summary>Tasks whose work is a row in a table of the user's.</summary>
public static partial class LedgerTasks
{
    /// <summary>The table: one row a run that was committed.</summary>
    public const string Table = "public.ledger";

    /// <summary>Writes a row and completes itself in the same transaction. On its first run its connection is killed before or after the completion.</summary>
    [Task("ledger.book", MaxRetries = 5)]
    public static async Task<int> BookAsync(string entry, string dies, TaskContext context)
    {
        await using var connection = new NpgsqlConnection($"{SharedServer.Server.ConnectionString};Pooling=false");
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        try
        {
            await WriteAsync(connection, entry);
            await DieAsync(connection, dies == "before completing" && context.Retries == 0);
            await context.CompleteInAsync(transaction, 42);
            await DieAsync(connection, dies == "before committing" && context.Retries == 0);
            await transaction.CommitAsync();
        }
        catch (NpgsqlException error)
        {
            throw context.Retry(error, countdown: TimeSpan.Zero);
        }
        if (dies == "after committing")
        {
            // What the method answers does not matter any more: the transaction has decided.
            throw new InvalidOperationException("too late");
        }
        return 42;
    }

    /// <summary>Writes a row once, however often its message comes.</summary>
    [Task("ledger.once")]
    public static async Task<bool> OnceAsync(string entry, string outbox, TaskContext context)
    {
        await using var inbox = new PostgresOutbox(outbox);
        await using var connection = new NpgsqlConnection($"{SharedServer.Server.ConnectionString};Pooling=false");
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        if (!await inbox.TryEnterAsync(context, transaction))
        {
            return false;
        }
        await WriteAsync(connection, entry);
        await transaction.CommitAsync();
        return true;
    }

    /// <summary>Writes a row within the inbox; answers a number that no other run answers. Throws on its first run where asked to.</summary>
    [Task("ledger.inbox", RetryOn = [typeof(Messaging.TransportException), typeof(TimeoutException)], RetryDelay = 0)]
    public static async Task<string> InboxAsync(string entry, bool fails, TaskContext context)
    {
        await WriteAsync(PostgresInbox.Transaction.Connection!, entry);
        return fails && context.Retries == 0 ? throw new TimeoutException("the first run fails") : Guid.NewGuid().ToString();
    }

    /// <summary>Completes itself; in its first run it rolls that back, and its message is given to the next run meanwhile. Answers its run.</summary>
    [Task("ledger.slip")]
    public static async Task<int> SlipAsync(string entry, string schema, TaskContext context)
    {
        var isFirst = await SharedServer.Server.ControlAsync($"SELECT count(*) FROM {schema}.messages WHERE correlation_id = '{context.Id}' AND attempt = 1") == "1";
        await using var connection = new NpgsqlConnection($"{SharedServer.Server.ConnectionString};Pooling=false");
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await WriteAsync(connection, entry);
        await context.CompleteInAsync(transaction, 2);
        if (!isFirst)
        {
            await transaction.CommitAsync();
            return 2;
        }
        await transaction.RollbackAsync();
        await SharedServer.Server.ControlAsync($"UPDATE {schema}.messages SET holder = NULL WHERE correlation_id = '{context.Id}'");
        return 1;
    }

    /// <summary>Adds all.</summary>
    [Task("ledger.sum")]
    public static int Sum(IReadOnlyList<int> numbers) => numbers.Sum();

    /// <summary>Adds.</summary>
    [Task("ledger.add")]
    public static int Add(int x, int y) => x + y;

    /// <summary>Runs once at a time.</summary>
    [Task("ledger.unique", Unique = UniqueUntil.Finished)]
    public static void Alone()
    {
    }

    private static async Task WriteAsync(NpgsqlConnection connection, string entry)
    {
        await using var write = new NpgsqlCommand($"INSERT INTO {Table}(entry) VALUES ($1)", connection);
        write.Parameters.Add(new NpgsqlParameter { Value = entry });
        await write.ExecuteNonQueryAsync();
    }

    private static async Task DieAsync(NpgsqlConnection connection, bool dies)
    {
        if (dies)
        {
            await SharedServer.Server.ControlAsync($"SELECT pg_terminate_backend({connection.ProcessID})");
        }
    }
}
