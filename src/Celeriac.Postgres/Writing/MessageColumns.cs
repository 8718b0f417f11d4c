using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Npgsql;
using NpgsqlTypes;

namespace Celeriac.Postgres.Writing;

/// <summary>Messages as the columns of a statement: an array a column.</summary>
internal static class MessageColumns
{
    /// <summary>Messages for queues of this database.</summary>
    public static void AddPuts(NpgsqlParameterCollection parameters, IReadOnlyList<StorePut> puts)
    {
        Add(parameters, NpgsqlDbType.Bigint, puts, put => put.QueueId);
        Add(parameters, NpgsqlDbType.Smallint, puts, put => (short)put.Priority);
        Add(parameters, NpgsqlDbType.Bigint, puts, put => put.Due);
        Add(parameters, NpgsqlDbType.Bigint, puts, put => put.ExpiresAt);
        Add(parameters, NpgsqlDbType.Text, puts, put => put.Exchange);
        Add(parameters, NpgsqlDbType.Text, puts, put => put.RoutingKey);
        AddMessages(parameters, [.. puts.Select(put => put.Message)]);
    }

    /// <summary>The messages themselves.</summary>
    public static void AddMessages(NpgsqlParameterCollection parameters, IReadOnlyList<Message> messages)
    {
        Add(parameters, NpgsqlDbType.Text, messages, message => message.ContentType);
        Add(parameters, NpgsqlDbType.Text, messages, message => message.ContentEncoding);
        Add(parameters, NpgsqlDbType.Text, messages, message => message.CorrelationId);
        Add(parameters, NpgsqlDbType.Text, messages, message => message.ReplyTo);
        Add(parameters, NpgsqlDbType.Text, messages, message => message.MessageId);
        Add(parameters, NpgsqlDbType.Smallint, messages, message => (short?)message.Priority);
        Add(parameters, NpgsqlDbType.Bigint, messages, message => message.Expiration?.Ticks);
        Add(parameters, NpgsqlDbType.Boolean, messages, message => message.Persistent);
        Add(parameters, NpgsqlDbType.Bytea, messages, message => HeaderCodec.Encode(message.Headers));
        Add(parameters, NpgsqlDbType.Bytea, messages, message => Whole(message.Body));
    }

    /// <summary>One column. Of nulls alone it is sent empty: the statement makes nulls of what an array has less than the others.</summary>
    public static void Add<TRow, TValue>(NpgsqlParameterCollection parameters, NpgsqlDbType type, IReadOnlyList<TRow> rows, Func<TRow, TValue> value)
    {
        var values = new TValue[rows.Count];
        var isEmpty = true;
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = value(rows[index]);
            isEmpty &= values[index] is null;
        }
        if (isEmpty)
        {
            values = [];
        }
        parameters.Add(new NpgsqlParameter<TValue[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });
    }

    /// <summary>The bytes as an array; most bodies are one of their own already.</summary>
    public static byte[] Whole(ReadOnlyMemory<byte> bytes) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(bytes, out var segment) && segment.Array is { } array && segment.Offset == 0 && segment.Count == array.Length
            ? array
            : bytes.ToArray();
}
