using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Npgsql;
using NpgsqlTypes;

namespace Celeriac.Postgres.Writing;

/// <summary>The units of many callers as the columns of one statement.</summary>
internal static class CommitCommand
{
    /// <summary>The statement.</summary>
    public static NpgsqlBatchCommand Build(string schema, long writer, long number, long now, IReadOnlyList<StoreUnit> units)
    {
        var command = new NpgsqlBatchCommand($"SELECT {schema}.commit_units($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26,$27,$28,$29,$30)");
        var parameters = command.Parameters;
        foreach (var value in (ReadOnlySpan<long>)[writer, number, now])
        {
            parameters.Add(new NpgsqlParameter<long> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bigint });
        }
        AddUnits(parameters, units);
        AddMessages(parameters, [.. units.SelectMany((unit, index) => unit.Puts.Select(put => (index + 1, put)))]);
        AddDocuments(parameters, [.. units.SelectMany((unit, index) => unit.Documents.Select(document => (index + 1, document)))]);
        return command;
    }

    private static void AddUnits(NpgsqlParameterCollection parameters, IReadOnlyList<StoreUnit> units)
    {
        MessageColumns.Add(parameters, NpgsqlDbType.Bigint, units, unit => unit.TopologyVersion);
        MessageColumns.Add(parameters, NpgsqlDbType.Bigint, units, unit => unit.Claim?.Tag);
        MessageColumns.Add(parameters, NpgsqlDbType.Bigint, units, unit => unit.Claim?.Generation);
        MessageColumns.Add(parameters, NpgsqlDbType.Bigint, units, unit => unit.Claim?.Holder);
        MessageColumns.Add(parameters, NpgsqlDbType.Boolean, units, unit => unit.End == ClaimEnd.Return);
    }

    private static void AddMessages(NpgsqlParameterCollection parameters, (int Unit, StorePut Put)[] puts)
    {
        MessageColumns.Add(parameters, NpgsqlDbType.Integer, puts, row => row.Unit);
        MessageColumns.AddPuts(parameters, [.. puts.Select(row => row.Put)]);
    }

    private static void AddDocuments(NpgsqlParameterCollection parameters, (int Unit, Document Document)[] documents)
    {
        MessageColumns.Add(parameters, NpgsqlDbType.Integer, documents, row => row.Unit);
        MessageColumns.Add(parameters, NpgsqlDbType.Text, documents, row => row.Document.Key);
        MessageColumns.Add(parameters, NpgsqlDbType.Bigint, documents, row => row.Document.ExpiresAt?.ToUnixTimeMilliseconds());
        MessageColumns.Add(parameters, NpgsqlDbType.Boolean, documents, row => row.Document.IsFinal);
        MessageColumns.Add(parameters, NpgsqlDbType.Bytea, documents, row => MessageColumns.Whole(row.Document.Content));
    }
}
