using Celeriac.Messaging;
using Celeriac.Postgres.Connecting;
using Celeriac.Postgres.Schema;
using Celeriac.Postgres.Transactions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Celeriac.Postgres;

/// <summary>
/// A filter that runs a task inside a transaction and drops its repeats: what the task writes in <see cref="Transaction"/> is committed together with the note that it
/// has run. A message that comes again, from an outbox, after a crash or from any broker, does not run; it answers what the first run answered. Register it with
/// <c>AddFilter(new PostgresInbox(dataSource), tasks: "orders.*")</c>, as the innermost filter.
/// </summary>
/// <remarks>
/// A run that throws rolls back, note and all. A retry is another run. Each run holds a connection of the data source: let its pool be as large as the worker's
/// concurrency. While the database is away a run waits for it. Entries are kept for seven days, and swept by whoever uses the schema.
/// </remarks>
public sealed class PostgresInbox : ITaskFilter
{
    private static readonly AsyncLocal<NpgsqlTransaction?> s_transaction = new();
    private readonly NpgsqlDataSource _source;
    private readonly string _schema;
    private readonly TransportContext _context;
    private readonly ILogger _logger;
    private volatile bool _isMigrated;

    /// <summary>An inbox in a schema of a database; nothing is connected yet. The schema is made at the first run where it is missing.</summary>
    /// <param name="source">Your data's database. It belongs to the caller.</param>
    /// <param name="schema">The schema of Celeriac's tables there: lower-case letters, digits, underscores.</param>
    /// <param name="context">Clock and log.</param>
    /// <exception cref="BrokerUrlException">The schema's name is malformed.</exception>
    public PostgresInbox(NpgsqlDataSource source, string schema = "celeriac", TransportContext? context = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        _source = source;
        _schema = PostgresOptions.From(BrokerUrl.Parse($"postgres://localhost/?schema={Uri.EscapeDataString(schema)}")).Schema;
        _context = context ?? new TransportContext();
        _logger = _context.LoggerFactory.CreateLogger("Celeriac.Postgres.Inbox");
    }

    /// <summary>The transaction of the running task. Do not end it: it is committed after the task's method has returned.</summary>
    /// <exception cref="InvalidOperationException">No task with this filter runs here.</exception>
    public static NpgsqlTransaction Transaction => s_transaction.Value ?? throw new InvalidOperationException(
        "There is no transaction here: the code does not run inside a task with the filter PostgresInbox. Register it for the task with AddFilter, or begin a transaction of your own.");

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> RunAsync(TaskInvocation run, TaskInvoker next)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(next);
        var begun = await BeginAsync(run).ConfigureAwait(false);
        await using (begun.ConfigureAwait(false))
        {
            if (begun.Repeated is { } answered)
            {
                return answered;
            }
            var result = await RunWithinAsync(begun.Own.Transaction!, run, next).ConfigureAwait(false);
            await InboxStatements.KeepAsync(begun.Own, _schema, run.Context, result, run.CancellationToken).ConfigureAwait(false);
            try
            {
                // A time limit must not leave open what was decided.
                await begun.Own.Transaction!.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception error) when (PostgresErrors.IsLoss(error))
            {
                return await AfterLossAsync(run, error).ConfigureAwait(false);
            }
            return result;
        }
    }

    // A method of its own: what is set here ends with it.
    private static async ValueTask<ReadOnlyMemory<byte>> RunWithinAsync(NpgsqlTransaction transaction, TaskInvocation run, TaskInvoker next)
    {
        s_transaction.Value = transaction;
        return await next(run).ConfigureAwait(false);
    }

    /// <summary>
    /// The answer to the commit was lost with its connection. To enter again waits until the server has ended the old transaction, and tells how.
    /// </summary>
    private async ValueTask<ReadOnlyMemory<byte>> AfterLossAsync(TaskInvocation run, Exception loss)
    {
        var again = await BeginAsync(run).ConfigureAwait(false);
        await using (again.ConfigureAwait(false))
        {
            return again.Repeated ?? throw new TransportException(
                $"The transaction of task '{run.Context.Name}' ({run.Context.Id}) was not committed, because its connection was lost: {PostgresErrors.Reason(loss)} Nothing of its work was stored; a retry does it.", loss);
        }
    }

    /// <summary>Begins and enters, after a wait while the database is away.</summary>
    private async ValueTask<Begun> BeginAsync(TaskInvocation run)
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await BeginOnceAsync(run).ConfigureAwait(false);
            }
            catch (NpgsqlException error) when (PostgresErrors.IsLoss(error) || PostgresErrors.IsConflict(error))
            {
                var delay = TimeSpan.FromMilliseconds(Math.Min(15_000, 100 * Math.Pow(2, Math.Min(failures, 10))));
                Log.InboxDelayed(_logger, run.Context.Name, run.Context.Id, delay, PostgresErrors.Reason(error));
                await Task.Delay(delay, _context.Time, run.CancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<Begun> BeginOnceAsync(TaskInvocation run)
    {
        var connection = await _source.OpenConnectionAsync(run.CancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isMigrated)
            {
                await Migration.RunAsync(connection, _schema, mayChange: true, connection.DataSource, run.CancellationToken).ConfigureAwait(false);
                _isMigrated = true;
            }
            var own = new UserTransaction(connection, await connection.BeginTransactionAsync(run.CancellationToken).ConfigureAwait(false));
            if (await InboxStatements.EnterAsync(own, _schema, run.Context, run.CancellationToken).ConfigureAwait(false))
            {
                return new Begun(own, null);
            }
            Log.RepeatDropped(_logger, run.Context.Name, run.Context.Id);
            return new Begun(own, await InboxStatements.ResultAsync(own, _schema, run.Context, run.CancellationToken).ConfigureAwait(false) ?? TaskInvocation.NoResult);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A transaction that has entered, or the answer of an earlier run. What is not committed is rolled back at its end.</summary>
    private sealed record Begun(UserTransaction Own, ReadOnlyMemory<byte>? Repeated) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Own.Transaction!.DisposeAsync().ConfigureAwait(false);
            await Own.Connection.DisposeAsync().ConfigureAwait(false);
        }
    }
}
