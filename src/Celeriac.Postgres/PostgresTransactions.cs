using System.Data.Common;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Postgres.Transactions;
using Celeriac.Protocol;
using Celeriac.Serialization;
using Celeriac.Working;
using Npgsql;

namespace Celeriac.Postgres;

/// <summary>
/// Tasks inside your own transactions: sent if and only if the transaction commits, completed together with the data that they have written.
/// For a broker that is not the database of your data see <see cref="PostgresOutbox"/>.
/// </summary>
public static class PostgresTransactions
{
    /// <summary>
    /// The client inside a transaction: what it sends is there when, and only when, the transaction is committed, and the workers hear of it then.
    /// <c>await client.In(transaction).SendAsync(MathTasks.AddTask.S(2, 3))</c>, or for a block of calls <c>using var scope = client.In(transaction).Use();</c>.
    /// </summary>
    /// <remarks>
    /// Queues are declared before, outside the transaction. A task is unique across transactions only where it is sent without one, so unique tasks are refused.
    /// The event <c>task-sent</c> is not sent. An error in a statement ends the transaction, as always in PostgreSQL: roll back.
    /// </remarks>
    /// <param name="client">A client whose broker is a <c>postgres://</c> URL on the database of the transaction.</param>
    /// <param name="transaction">An open transaction of Npgsql; under EF Core <c>database.CurrentTransaction.GetDbTransaction()</c>.</param>
    /// <exception cref="ArgumentException">The transaction is not Npgsql's or has ended, or the client's broker is not PostgreSQL.</exception>
    public static TaskClient In(this TaskClient client, DbTransaction transaction) => In(client, UserTransaction.Of(transaction));

    /// <summary>The client inside whatever transaction is open on a connection; where none is, each sending is one of its own.</summary>
    /// <inheritdoc cref="In(TaskClient, DbTransaction)"/>
    public static TaskClient In(this TaskClient client, DbConnection connection) => In(client, UserTransaction.Of(connection));

    /// <summary>
    /// Completes the running task inside the transaction of its own work: its message, its result and what comes after it in its chain are settled if and only if the transaction commits. So the
    /// work is done once, whatever dies in between. Call it last, commit, and return the same result.
    /// </summary>
    /// <typeparam name="TResult">What the task returns.</typeparam>
    /// <param name="context">The running task.</param>
    /// <param name="transaction">The transaction of its work, on the database of the broker.</param>
    /// <param name="result">The task's result.</param>
    /// <param name="cancellationToken">Ends the statement.</param>
    /// <exception cref="DeliveryLostException">The message belongs to another worker by now, because this one was silent for longer than its lease. Roll back.</exception>
    /// <exception cref="InvalidOperationException">The task was not received over a <c>postgres://</c> broker, was acknowledged before it ran, or is a member of a chord.</exception>
    public static async ValueTask CompleteInAsync<TResult>(
        this TaskContext context, DbTransaction transaction, TResult result, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        var own = UserTransaction.Of(transaction);
        var client = TaskClient.Current;
        if (context.Run is not AdmittedTask { IsAcknowledged: false, Following: { } following } task || StoreOf(client.Transport) is not var (transport, store))
        {
            throw new InvalidOperationException(
                $"Task '{context.Name}' cannot be completed in a transaction: it needs a postgres:// broker, acks_late and the pool of this process. Leave the call out, and the worker completes it after the run.");
        }
        if (context.Request.Chord.Length > 0)
        {
            throw new InvalidOperationException(
                $"Task '{context.Name}' ({context.Id}) cannot be completed in a transaction: it is a member of a chord, whose count lies outside. Leave the call out, and the worker completes it after the run.");
        }
        var encoded = TaskJson.Encode(result);
        var next = await following.SucceededAsync(context.Request, encoded, cancellationToken).ConfigureAwait(false);
        if (next.Fault is { } fault)
        {
            throw new InvalidOperationException(string.Join(' ', fault.Arguments));
        }
        var record = new ResultRecord
        {
            TaskId = context.Id,
            Status = TaskStates.Success,
            Result = encoded,
            Children = ResultTuples.Encode(next.WithChildren([])),
            DateDone = client.Time.GetUtcNow(),
            GroupId = context.Request.GroupId,
            ParentId = context.Request.ParentId,
        };
        // A result that goes elsewhere is written by the worker, after the run, as ever.
        var document = task.IgnoresResult ? null : client.Results.Attach(client.Transport, record, context.Request.ReplyTo)?.Document;
        if (await TransactionWriting.EndAsync(own, store, client.Transport.Name, task.Delivery.Claim, document, client.Time.GetUtcNow().ToUnixTimeMilliseconds(), cancellationToken).ConfigureAwait(false) is not { } number)
        {
            throw new DeliveryLostException($"Task '{context.Name}' ({context.Id}) belongs to another worker by now: this one was silent for longer than its lease. Roll the transaction back; the other worker does the work.");
        }
        await SendNextAsync(own, client, transport, store, next, cancellationToken).ConfigureAwait(false);
        task.CompletedAs = encoded;
        task.Delivery.WasCommittedAsync = () => store.WasCommittedAsync(number);
    }

    /// <summary>The same for a task without a result.</summary>
    /// <inheritdoc cref="CompleteInAsync{TResult}(TaskContext, DbTransaction, TResult, CancellationToken)"/>
    public static ValueTask CompleteInAsync(this TaskContext context, DbTransaction transaction, CancellationToken cancellationToken = default) =>
        CompleteInAsync<object?>(context, transaction, null, cancellationToken);

    /// <summary>The next of its chain and its callbacks: there if and only if the transaction commits.</summary>
    private static async ValueTask SendNextAsync(
        UserTransaction own, TaskClient client, StoreTransport transport, PostgresQueueStore store, Followed next, CancellationToken cancellationToken)
    {
        foreach (var queue in next.Queues)
        {
            await client.Queues.EnsureAsync(queue, cancellationToken).ConfigureAwait(false);
        }
        if (next.Tasks.Count > 0)
        {
            await TransactionWriting.PutAsync(own, transport, store, next.Tasks.Select(task => task.Publication).ToArray(), cancellationToken).ConfigureAwait(false);
        }
    }

    private static TaskClient In(TaskClient client, UserTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (StoreOf(client.Transport) is not var (transport, store))
        {
            throw new ArgumentException(
                $"The client's broker '{client.Transport.Name}' is not PostgreSQL, so its tasks cannot lie in the transaction. Use a PostgresOutbox beside your data.", nameof(client));
        }
        var way = new TransactionTransport(transport, (publications, cancelled) => TransactionWriting.PutAsync(transaction, transport, store, publications, cancelled), declares: true);
        return client.Over(way, declares: true);
    }

    private static (StoreTransport, PostgresQueueStore)? StoreOf(ITransport transport) =>
        transport is StoreTransport { Store: PostgresQueueStore store } ours ? (ours, store) : null;
}
