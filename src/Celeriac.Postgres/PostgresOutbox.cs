using System.Data.Common;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Postgres.Connecting;
using Celeriac.Postgres.Reading;
using Celeriac.Postgres.Transactions;
using Microsoft.Extensions.Logging;

namespace Celeriac.Postgres;

/// <summary>
/// Tasks for RabbitMQ, ActiveMQ or any other broker that are sent if and only if your transaction commits: they are written into a table beside your data, and a
/// relay publishes them after the commit, each once or more with the same id. <see cref="PostgresInbox"/> drops the repeats at the other end.
/// </summary>
public sealed class PostgresOutbox : IAsyncDisposable
{
    private readonly PostgresOptions _options;
    private readonly TransportContext _context;
    private readonly PostgresServers _servers;
    private readonly ChangeSignal _written = new();

    /// <summary>An outbox in a schema of a database; nothing is connected yet.</summary>
    /// <param name="url">A <c>postgres://</c> URL of the database of your data, with the options of <see cref="PostgresTransportFactory"/>.</param>
    /// <param name="context">Clock and log.</param>
    /// <exception cref="BrokerUrlException">The URL is malformed.</exception>
    public PostgresOutbox(string url, TransportContext? context = null)
    {
        _context = context ?? new TransportContext();
        _options = PostgresOptions.From(BrokerUrl.Parse(url));
        _servers = new PostgresServers(_options, _context, (_, payload) => Hear(payload), _written.Pulse);
    }

    /// <summary>Connects, and makes the tables where they are missing. <see cref="RelayAsync"/> does so by itself; a process that only sends calls it at its start.</summary>
    /// <exception cref="TransportException">The database cannot be reached or refuses.</exception>
    public ValueTask ConnectAsync(CancellationToken cancellationToken = default) => _servers.ConnectAsync(cancellationToken);

    /// <summary>
    /// The client inside a transaction: what it sends is written into the outbox, and published after the commit. The broker may be away meanwhile.
    /// </summary>
    /// <remarks>Unique tasks are refused, and the event <c>task-sent</c> is not sent, as in <see cref="PostgresTransactions.In(TaskClient, DbTransaction)"/>.</remarks>
    /// <param name="client">The client of any broker.</param>
    /// <param name="transaction">An open transaction of Npgsql on the database of the outbox.</param>
    /// <exception cref="ArgumentException">The transaction is not Npgsql's or has ended.</exception>
    public TaskClient In(TaskClient client, DbTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(client);
        var own = UserTransaction.Of(transaction);
        var way = new TransactionTransport(
            client.Transport, (publications, cancelled) => OutboxStatements.WriteAsync(own, _options.Schema, publications, cancelled), declares: false);
        return client.Over(way, declares: false);
    }

    /// <summary>
    /// Publishes what lies in the outbox until the token fires. Run one or more, in any process; they share the work. While the broker or the database is away it waits.
    /// What the broker refuses stays in the table with the reason in <c>last_error</c>, and is tried again.
    /// </summary>
    /// <param name="client">The client whose broker gets the messages.</param>
    /// <param name="cancellationToken">Ends the relay.</param>
    public Task RelayAsync(TaskClient client, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return new OutboxRelay(_servers, _options, _written, client, _context.Time, _context.LoggerFactory.CreateLogger("Celeriac.Postgres.Outbox")).RunAsync(cancellationToken);
    }

    /// <summary>How many messages wait in the outbox.</summary>
    public ValueTask<long> CountAsync(CancellationToken cancellationToken = default) =>
        _servers.AskAsync((connection, ended) => connection.ScalarAsync<long>($"SELECT count(*) FROM {_options.Schema}.outbox", ended), cancellationToken);

    /// <summary>
    /// The inbox by hand, for a task that begins its transaction itself; see <see cref="PostgresInbox"/>. Notes in the transaction of its work that it has run. False where it has run before, by a repeat of its message or after a crash between commit and
    /// acknowledgement: roll back and return. Entries are kept for seven days.
    /// </summary>
    /// <param name="context">The running task. A retry is another run, and enters.</param>
    /// <param name="transaction">The transaction of its work, on the database of the outbox. A repeat that runs at the same time waits here until it ends.</param>
    /// <param name="cancellationToken">Ends the statement.</param>
    public async ValueTask<bool> TryEnterAsync(TaskContext context, DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        return await InboxStatements.EnterAsync(UserTransaction.Of(transaction), _options.Schema, context, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the connections. End the relay first.</summary>
    public ValueTask DisposeAsync() => _servers.DisposeAsync();

    private void Hear(string payload)
    {
        if (payload == "o")
        {
            _written.Pulse();
        }
    }
}
