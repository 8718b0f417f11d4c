using System.Text.Json;
using System.Text.Json.Serialization;

namespace Celeriac.Serialization;

/// <summary>An id, as every language writes it, or an object with all that is known.</summary>
internal sealed class FailedTaskConverter : JsonConverter<FailedTask>
{
    public override FailedTask Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String && JsonText.Read(ref reader) is { Length: > 0 } id)
        {
            return new FailedTask(id);
        }
        using var document = JsonDocument.ParseValue(ref reader);
        var task = document.RootElement;
        return task.ValueKind == JsonValueKind.Object && TextOf(task, "id") is { Length: > 0 } known
            ? new FailedTask(known)
            {
                Task = TextOf(task, "task"),
                State = TextOf(task, "state"),
                Args = JsonOf(task, "args", JsonValueKind.Array),
                Kwargs = JsonOf(task, "kwargs", JsonValueKind.Object),
                Retries = task.TryGetProperty("retries", out var retries) && retries.TryGetInt32(out var count) ? count : 0,
                RootId = TextOf(task, "root_id"),
                ParentId = TextOf(task, "parent_id"),
                GroupId = TextOf(task, "group"),
                Failure = FailureOf(task),
            }
            : throw new JsonException("A failed task is the text of its id, or an object with it.");
    }

    public override void Write(Utf8JsonWriter writer, FailedTask value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("id", value.Id);
        writer.WriteString("task", value.Task);
        writer.WriteString("state", value.State);
        WriteJson(writer, "args", value.Args);
        WriteJson(writer, "kwargs", value.Kwargs);
        writer.WriteNumber("retries", value.Retries);
        writer.WriteString("root_id", value.RootId);
        writer.WriteString("parent_id", value.ParentId);
        writer.WriteString("group", value.GroupId);
        if (value.Failure is { } failure)
        {
            writer.WriteString("exc_type", failure.Type);
            writer.WriteString("exc_module", failure.Module);
            writer.WriteStartArray("exc_message");
            foreach (var argument in failure.Arguments)
            {
                writer.WriteStringValue(argument);
            }
            writer.WriteEndArray();
            writer.WriteString("traceback", failure.Traceback);
        }
        writer.WriteEndObject();
    }

    private static TaskFailure? FailureOf(JsonElement task) => TextOf(task, "exc_type") is { } type
        ? new TaskFailure(type, TextOf(task, "exc_module"), ArgumentsOf(task), TextOf(task, "traceback"))
        : null;

    private static string[] ArgumentsOf(JsonElement task) => task.TryGetProperty("exc_message", out var arguments) && arguments.ValueKind == JsonValueKind.Array
        ? [.. arguments.EnumerateArray().Select(argument => argument.ValueKind == JsonValueKind.String ? argument.GetString()! : argument.GetRawText())]
        : [];

    private static string? TextOf(JsonElement task, string name) => task.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static ReadOnlyMemory<byte> JsonOf(JsonElement task, string name, JsonValueKind kind) =>
        task.TryGetProperty(name, out var value) && value.ValueKind == kind ? System.Text.Encoding.UTF8.GetBytes(value.GetRawText()) : default;

    private static void WriteJson(Utf8JsonWriter writer, string name, ReadOnlyMemory<byte> json)
    {
        if (!json.IsEmpty)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(json.Span, skipInputValidation: true);
        }
    }
}
