using System.Reflection;
using System.Text.Json;
using Celeriac.Serialization;

namespace Celeriac.Protocol;

/// <summary>
/// Failures between exceptions, data and JSON (CELERY-PROTOCOL section 12.3). What comes from the wire stays text:
/// no type is looked up, nothing is constructed but <see cref="RemoteTaskException"/>.
/// </summary>
internal static class ExceptionCodec
{
    private const string UnknownType = "Exception";

    /// <summary>An exception as data. Wrappers with one exception inside are taken off. Never throws.</summary>
    public static TaskFailure FromException(Exception error)
    {
        error = Unwrap(error);
        if (error is CeleryException chosen)
        {
            return ExceptionArguments.Failure(chosen.RemoteType, chosen.RemoteModule, chosen.Arguments, ExceptionText.TracebackOf(error));
        }
        var (type, module) = ExceptionNames.Of(error);
        return new TaskFailure(type, module, [ExceptionText.MessageOf(error)], ExceptionText.TracebackOf(error));
    }

    /// <summary>Celery's JSON object of a failure; its traceback goes into the record beside it.</summary>
    public static ReadOnlyMemory<byte> Encode(TaskFailure failure)
    {
        using var stream = new MemoryStream(256);
        using (var writer = new Utf8JsonWriter(stream, JsonText.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("exc_type"u8, failure.Type);
            writer.WritePropertyName("exc_message"u8);
            WriteArguments(writer, failure);
            writer.WriteString("exc_module"u8, failure.Module);
            writer.WriteEndObject();
        }
        return stream.ToArray();
    }

    /// <summary>A failure from the JSON of a record's result. Whatever the JSON is, there is an answer, of bounded length: never throws.</summary>
    public static TaskFailure Decode(ReadOnlySpan<byte> json, string? traceback)
    {
        traceback = traceback is null ? null : ExceptionText.Cut(traceback, ExceptionText.LongestTraceback);
        try
        {
            return Read(json, traceback);
        }
        catch (JsonException)
        {
            if (PythonJson.TryQuoteNonFinite(json, out var standard))
            {
                return DecodeStandard(standard, traceback);
            }
            return new TaskFailure(UnknownType, null, [TaskJson.Excerpt(json)], traceback);
        }
    }

    /// <summary>What a caller that awaits the result gets.</summary>
    public static RemoteTaskException ToException(string taskId, string state, TaskFailure failure) =>
        new(taskId, state, failure.Type, failure.Module, failure.Arguments, failure.Traceback);

    private static void WriteArguments(Utf8JsonWriter writer, TaskFailure failure)
    {
        if (!failure.ArgumentsJson.IsEmpty)
        {
            writer.WriteRawValue(failure.ArgumentsJson.Span);
            return;
        }
        writer.WriteStartArray();
        foreach (var argument in failure.Arguments)
        {
            writer.WriteStringValue(argument);
        }
        writer.WriteEndArray();
    }

    private static TaskFailure DecodeStandard(ReadOnlySpan<byte> json, string? traceback)
    {
        try
        {
            return Read(json, traceback);
        }
        catch (JsonException)
        {
            return new TaskFailure(UnknownType, null, [TaskJson.Excerpt(json)], traceback);
        }
    }

    private static TaskFailure Read(ReadOnlySpan<byte> json, string? traceback)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = TaskJson.MaximumDepth + 2 });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return new TaskFailure(UnknownType, null, ExceptionArguments.Read(ref reader, json), traceback);
        }
        string? type = null;
        string? module = null;
        IReadOnlyList<string> arguments = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonText.Read(ref reader);
            reader.Read();
            switch (name)
            {
                case "exc_type":
                    type = ReadName(ref reader);
                    break;
                case "exc_module":
                    module = ReadName(ref reader);
                    break;
                case "exc_message":
                    arguments = ExceptionArguments.Read(ref reader, json);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return new TaskFailure(string.IsNullOrEmpty(type) ? UnknownType : type, module, arguments, traceback);
    }

    private static string? ReadName(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return ExceptionText.Cut(JsonText.Read(ref reader), ExceptionText.LongestText);
        }
        reader.Skip();
        return null;
    }

    private static Exception Unwrap(Exception error)
    {
        for (var depth = 0; depth < ExceptionText.MostCauses; depth++)
        {
            switch (error)
            {
                case AggregateException { InnerExceptions: [var only] }:
                    error = only;
                    break;
                case TargetInvocationException { InnerException: { } inner }:
                    error = inner;
                    break;
                default:
                    return error;
            }
        }
        return error;
    }
}
