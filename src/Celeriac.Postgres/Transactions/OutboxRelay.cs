using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Postgres.Connecting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Celeriac.Postgres.Transactions;

/// <summary>
/// Publishes what lies in the outbox. A message is removed after the broker has confirmed it, in the transaction that holds its row: whatever dies in
/// between, it is published once or more, with the same id, and never not at all.
/// </summary>
internal sealed class OutboxRelay(PostgresServers servers, PostgresOptions options, ChangeSignal written, TaskClient client, TimeProvider time, ILogger logger)
{
    private const int MostAtOnce = 500;

    /// <summary>Publishes until the token fires.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var seen = written.Version;
                var count = await RelayOnceAsync(cancellationToken).ConfigureAwait(false);
                failures = 0;
                if (count == 0)
                {
                    await written.WaitAsync(seen, options.Poll, time, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is TransportException or OperationCanceledException || PostgresErrors.IsLoss(error) || PostgresErrors.IsConflict(error))
            {
                // The broker or the database is away: the rows stay as they are.
                var delay = options.Reconnect.DelayAfter(++failures);
                Log.RelayDelayed(logger, servers.Name, delay, PostgresErrors.Reason(error));
                await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Publishes a piece; answers how many rows there were.</summary>
    private async Task<int> RelayOnceAsync(CancellationToken cancellationToken)
    {
        var link = await servers.LinkAsync(cancellationToken).ConfigureAwait(false);
        var connection = await link.Server.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var transaction = await connection.BeginTransactionAsync(link.Ended).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var rows = await OutboxStatements.LockAsync(connection, options.Schema, MostAtOnce, link.Ended).ConfigureAwait(false);
                if (rows.Count > 0)
                {
                    var refused = await PublishAsync(rows, cancellationToken).ConfigureAwait(false);
                    await SettleAsync(connection, rows, refused, link.Ended).ConfigureAwait(false);
                }
                await transaction.CommitAsync(link.Ended).ConfigureAwait(false);
                return rows.Count;
            }
        }
    }

    /// <summary>Publishes all; answers which the broker refuses. Where it is away, the exception ends the transaction.</summary>
    private async Task<Dictionary<long, Exception>> PublishAsync(List<OutboxRow> rows, CancellationToken cancellationToken)
    {
        var refused = await TryPublishAsync(rows, cancellationToken).ConfigureAwait(false);
        // A queue that was not there yet: it is declared now, because at the time of sending the broker may have been away.
        var homeless = rows.Where(row => refused.GetValueOrDefault(row.Id) is UnroutableException).ToList();
        if (homeless.Count == 0)
        {
            return refused;
        }
        foreach (var queue in homeless.Select(row => row.Publication.RoutingKey).Distinct(StringComparer.Ordinal))
        {
            client.Queues.Forget(queue);
            await client.Queues.EnsureAsync(queue, cancellationToken).ConfigureAwait(false);
        }
        foreach (var row in homeless)
        {
            refused.Remove(row.Id);
        }
        foreach (var (id, error) in await TryPublishAsync(homeless, cancellationToken).ConfigureAwait(false))
        {
            refused[id] = error;
        }
        return refused;
    }

    private async Task<Dictionary<long, Exception>> TryPublishAsync(List<OutboxRow> rows, CancellationToken cancellationToken)
    {
        try
        {
            await client.Transport.PublishAsync(rows.Select(row => row.Publication).ToArray(), cancellationToken).ConfigureAwait(false);
            return [];
        }
        catch (PublishException error) when (error.Failures.All(failure => failure.Error is TransportRefusedException))
        {
            return error.Failures.ToDictionary(failure => rows[failure.Index].Id, failure => failure.Error);
        }
        catch (TransportRefusedException error) when (rows.Count == 1)
        {
            return new Dictionary<long, Exception> { [rows[0].Id] = error };
        }
    }

    private async Task SettleAsync(NpgsqlConnection connection, List<OutboxRow> rows, Dictionary<long, Exception> refused, CancellationToken cancellationToken)
    {
        await OutboxStatements.RemoveAsync(connection, options.Schema, rows.Select(row => row.Id).Where(id => !refused.ContainsKey(id)), cancellationToken).ConfigureAwait(false);
        foreach (var (id, error) in refused)
        {
            Log.RelayRefused(logger, id, servers.Name, error.Message);
            await OutboxStatements.FailAsync(connection, options.Schema, id, error.Message, cancellationToken).ConfigureAwait(false);
        }
    }
}
