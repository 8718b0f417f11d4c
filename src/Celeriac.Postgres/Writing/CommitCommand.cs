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
        Add(parameters, NpgsqlDbType.Bigint, units, unit => unit.TopologyVersion);
        Add(parameters, NpgsqlDbType.Bigint, units, unit => unit.Claim?.Tag);
        Add(parameters, NpgsqlDbType.Bigint, units, unit => unit.Claim?.Generation);
        Add(parameters, NpgsqlDbType.Bigint, units, unit => unit.Claim?.Holder);
        Add(parameters, NpgsqlDbType.Boolean, units, unit => unit.End == ClaimEnd.Return);
    }

    private static void AddMessages(NpgsqlParameterCollection parameters, (int Unit, StorePut Put)[] puts)
    {
        Add(parameters, NpgsqlDbType.Integer, puts, row => row.Unit);
        Add(parameters, NpgsqlDbType.Bigint, puts, row => row.Put.QueueId);
        Add(parameters, NpgsqlDbType.Smallint, puts, row => (short)row.Put.Priority);
        Add(parameters, NpgsqlDbType.Bigint, puts, row => row.Put.Due);
        Add(parameters, NpgsqlDbType.Bigint, puts, row => row.Put.ExpiresAt);
        Add(parameters, NpgsqlDbType.Text, puts, row => row.Put.Exchange);
        Add(parameters, NpgsqlDbType.Text, puts, row => row.Put.RoutingKey);
        Add(parameters, NpgsqlDbType.Text, puts, row => row.Put.Message.ContentType);
        Add(parameters, NpgsqlDbType.Text, puts, row => row.Put.Message.ContentEncoding);
        Add(parameters, NpgsqlDbType.Text, puts, row => row.Put.Message.CorrelationId);
        Add(parameters, NpgsqlDbType.Text, puts, row => row.Put.Message.ReplyTo);
        Add(parameters, NpgsqlDbType.Text, puts, row => row.Put.Message.MessageId);
        Add(parameters, NpgsqlDbType.Smallint, puts, row => (short?)row.Put.Message.Priority);
        Add(parameters, NpgsqlDbType.Bigint, puts, row => row.Put.Message.Expiration?.Ticks);
        Add(parameters, NpgsqlDbType.Boolean, puts, row => row.Put.Message.Persistent);
        Add(parameters, NpgsqlDbType.Bytea, puts, row => HeaderCodec.Encode(row.Put.Message.Headers));
        Add(parameters, NpgsqlDbType.Bytea, puts, row => Whole(row.Put.Message.Body));
    }

    private static void AddDocuments(NpgsqlParameterCollection parameters, (int Unit, Document Document)[] documents)
    {
        Add(parameters, NpgsqlDbType.Integer, documents, row => row.Unit);
        Add(parameters, NpgsqlDbType.Text, documents, row => row.Document.Key);
        Add(parameters, NpgsqlDbType.Bigint, documents, row => row.Document.ExpiresAt?.ToUnixTimeMilliseconds());
        Add(parameters, NpgsqlDbType.Boolean, documents, row => row.Document.IsFinal);
        Add(parameters, NpgsqlDbType.Bytea, documents, row => Whole(row.Document.Content));
    }

    private static void Add<TRow, TValue>(NpgsqlParameterCollection parameters, NpgsqlDbType type, IReadOnlyList<TRow> rows, Func<TRow, TValue> value)
    {
        var values = new TValue[rows.Count];
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = value(rows[index]);
        }
        parameters.Add(new NpgsqlParameter<TValue[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });
    }

    // Most bodies are an array of their own already.
    private static byte[] Whole(ReadOnlyMemory<byte> bytes) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(bytes, out var segment) && segment.Array is { } array && segment.Offset == 0 && segment.Count == array.Length
            ? array
            : bytes.ToArray();
}
