using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;
using Celeriac.Serialization;

namespace Celeriac.Protocol;

/// <summary>Result records as JSON, the way Celery writes them to a store or an rpc reply.</summary>
public static class ResultCodec
{
    /// <summary>The JSON of a record. Group and parent are written where the task has them, the extended members where they are given.</summary>
    public static ReadOnlyMemory<byte> Encode(ResultRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        var buffer = new ArrayBufferWriter<byte>(256 + record.Result.Length + record.Children.Length + record.Args.Length + record.Kwargs.Length);
        using var writer = new Utf8JsonWriter(buffer, JsonText.WriterOptions);
        writer.WriteStartObject();
        writer.WriteString("task_id"u8, record.TaskId);
        writer.WriteString("status"u8, record.Status);
        WriteJson(writer, "result", record.Result);
        writer.WriteString("traceback"u8, record.Traceback);
        WriteJson(writer, "children", record.Children);
        writer.WriteString("date_done"u8, record.DateDone is { } done ? CeleryTime.Write(done) : null);
        WriteGiven(writer, "group_id", record.GroupId);
        WriteGiven(writer, "parent_id", record.ParentId);
        WriteExtended(writer, record);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>
    /// Reads a record, written by any version of Celery. The record's JSON members point into <paramref name="json"/>, which must not change.
    /// Members of unexpected types count as absent; members that are not known are passed over.
    /// </summary>
    /// <returns>False where the JSON is malformed, or has no task id or status.</returns>
    public static bool TryDecode(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out ResultRecord? record)
    {
        record = null;
        if (!Utf8.IsValid(json.Span))
        {
            return false;
        }
        try
        {
            return ResultReader.TryRead(json, out record);
        }
        catch (JsonException) when (PythonJson.TryQuoteNonFinite(json.Span, out var standard))
        {
            json = standard;
        }
        catch (JsonException)
        {
            return false;
        }
        try
        {
            return ResultReader.TryRead(json, out record);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void WriteExtended(Utf8JsonWriter writer, ResultRecord record)
    {
        WriteGiven(writer, "name", record.Name);
        if (!record.Args.IsEmpty)
        {
            WriteJson(writer, "args", record.Args);
        }
        if (!record.Kwargs.IsEmpty)
        {
            WriteJson(writer, "kwargs", record.Kwargs);
        }
        WriteGiven(writer, "worker", record.Worker);
        if (record.Retries is { } retries)
        {
            writer.WriteNumber("retries"u8, retries);
        }
        WriteGiven(writer, "queue", record.Queue);
    }

    private static void WriteGiven(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(name, text);
        }
    }

    private static void WriteJson(Utf8JsonWriter writer, string name, ReadOnlyMemory<byte> json)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(json.IsEmpty ? "null"u8 : json.Span, skipInputValidation: true);
    }
}
