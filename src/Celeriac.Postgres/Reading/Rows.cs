using Npgsql;
using NpgsqlTypes;

namespace Celeriac.Postgres.Reading;

/// <summary>Statements with positional parameters, and their rows.</summary>
internal static class Rows
{
    /// <summary>The first column of the first row; the type's default where there is none.</summary>
    public static async Task<TValue?> ScalarAsync<TValue>(this NpgsqlConnection connection, string text, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        var command = Command(connection, text, parameters);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is TValue value ? value : default;
        }
    }

    /// <summary>How many rows were changed.</summary>
    public static async Task<int> ChangeAsync(this NpgsqlConnection connection, string text, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        var command = Command(connection, text, parameters);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Every row.</summary>
    public static async Task<List<TRow>> ListAsync<TRow>(
        this NpgsqlConnection connection, string text, Func<NpgsqlDataReader, TRow> read, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        var command = Command(connection, text, parameters);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                List<TRow> rows = [];
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    rows.Add(read(reader));
                }
                return rows;
            }
        }
    }

    /// <summary>Every row, on the caller's thread.</summary>
    public static List<TRow> List<TRow>(this NpgsqlConnection connection, string text, Func<NpgsqlDataReader, TRow> read, params NpgsqlParameter[] parameters)
    {
        using var command = Command(connection, text, parameters);
        using var reader = command.ExecuteReader();
        List<TRow> rows = [];
        while (reader.Read())
        {
            rows.Add(read(reader));
        }
        return rows;
    }

    /// <summary>A parameter; null becomes SQL's null.</summary>
    public static NpgsqlParameter Value(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };

    /// <summary>A number.</summary>
    public static NpgsqlParameter Value(long? value) => Value(value, NpgsqlDbType.Bigint);

    /// <summary>A text.</summary>
    public static NpgsqlParameter Value(string? value) => Value(value, NpgsqlDbType.Text);

    /// <summary>Numbers.</summary>
    public static NpgsqlParameter Values(IEnumerable<long> values) => Value(values.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    /// <summary>Texts.</summary>
    public static NpgsqlParameter Values(IEnumerable<string> values) => Value(values.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);

    /// <summary>A number that may be null.</summary>
    public static long? NumberOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    /// <summary>A text that may be null.</summary>
    public static string? TextOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static NpgsqlCommand Command(NpgsqlConnection connection, string text, NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(text, connection);
        command.Parameters.AddRange(parameters);
        return command;
    }
}
