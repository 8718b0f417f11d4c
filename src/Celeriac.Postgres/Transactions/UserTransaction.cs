using System.Data.Common;
using Npgsql;

namespace Celeriac.Postgres.Transactions;

/// <summary>The user's own transaction: a connection, and the transaction that is open on it.</summary>
internal sealed record UserTransaction(NpgsqlConnection Connection, NpgsqlTransaction? Transaction)
{
    /// <summary>The transaction as the user has it.</summary>
    /// <exception cref="ArgumentException">It is no transaction of Npgsql, or it has ended.</exception>
    public static UserTransaction Of(DbTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return transaction switch
        {
            NpgsqlTransaction { Connection: { } connection } open => new UserTransaction(connection, open),
            NpgsqlTransaction => throw new ArgumentException("The transaction has ended: it was committed, rolled back or disposed. Send before the commit.", nameof(transaction)),
            _ => throw new ArgumentException(
                $"The transaction is a '{transaction.GetType()}', but one of Npgsql is needed. Under EF Core hand in 'database.CurrentTransaction.GetDbTransaction()'.", nameof(transaction)),
        };
    }

    /// <summary>The transaction that is open on a connection; where none is, each statement is one.</summary>
    /// <exception cref="ArgumentException">It is no connection of Npgsql.</exception>
    public static UserTransaction Of(DbConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection is NpgsqlConnection open
            ? new UserTransaction(open, null)
            : throw new ArgumentException($"The connection is a '{connection.GetType()}', but one of Npgsql is needed.", nameof(connection));
    }

    /// <summary>A statement in it.</summary>
    public NpgsqlCommand Command(string text) => new(text, Connection, Transaction);
}
