using Celeriac;
using Celeriac.Messaging;
using Celeriac.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Snippets.Postgres;

public static partial class Mail
{
    [Task("mail.confirm")]
    public static Task ConfirmAsync(int order) => Task.CompletedTask;
}

public sealed record Order(int Id)
{
    public static async Task InsertAsync(Order order, NpgsqlTransaction transaction)
    {
        await using var insert = new NpgsqlCommand("INSERT INTO orders(id) VALUES ($1)", transaction.Connection, transaction) { Parameters = { new() { Value = order.Id } } };
        await insert.ExecuteNonQueryAsync();
    }
}

public static class Shop
{
    public static void Register()
    {
        #region postgres_register
        Transports.Add("postgres", new PostgresTransportFactory());
        #endregion
    }

    public static async Task SellAsync(NpgsqlConnection connection, TaskClient client, Order order)
    {
        #region postgres_send
        await using var transaction = await connection.BeginTransactionAsync();
        await Order.InsertAsync(order, transaction);
        await client.In(transaction).SendAsync(Mail.ConfirmTask.S(order.Id));
        await transaction.CommitAsync();
        #endregion
    }

    public static async Task RelayAsync(TaskClient client, NpgsqlTransaction transaction, Order order, CancellationToken stopping)
    {
        #region postgres_outbox
        await using var outbox = new PostgresOutbox("postgres://user:password@db/shop");
        await outbox.In(client, transaction).SendAsync(Mail.ConfirmTask.S(order.Id), stopping);     // while you write
        await outbox.RelayAsync(client, stopping);                                                    // in one or more processes
        #endregion
    }

    public static void AddInbox(IServiceCollection services, NpgsqlDataSource database)
    {
        #region postgres_add_inbox
        services.AddCeleriac(celeriac => celeriac
            .AddTasks()
            .AddFilter(new PostgresInbox(database), order: 100, tasks: "billing.*"));
        #endregion
    }
}

#region postgres_complete
public sealed partial class Orders(NpgsqlDataSource database)
{
    [Task("orders.book")]
    public async Task<int> BookAsync(int order, TaskContext context)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Order.InsertAsync(new Order(order), transaction);
        await context.CompleteInAsync(transaction, order);
        await transaction.CommitAsync();
        return order;
    }
}
#endregion

#region postgres_inbox
public static partial class Billing
{
    [Task("billing.charge", RetryOn = [typeof(NpgsqlException), typeof(TransportException)])]
    public static async Task<int> ChargeAsync(int order)
    {
        await Order.InsertAsync(new Order(order), PostgresInbox.Transaction);
        return order;
    }
}
#endregion
