using System.Text.Json;
using Celeriac.Serialization;

namespace Celeriac.Protocol;

/// <summary>Reads the members of a result record in whatever order they come.</summary>
internal ref struct ResultReader(ReadOnlyMemory<byte> json)
{
    // Result and children stand one level down in the record.
    private static readonly JsonReaderOptions s_options = new() { MaxDepth = TaskJson.MaximumDepth + 2 };

    private string? _taskId;
    private string? _status;
    private ReadOnlyMemory<byte> _result;
    private string? _traceback;
    private ReadOnlyMemory<byte> _children;
    private string? _dateDone;
    private string? _groupId;
    private string? _parentId;
    private string? _name;
    private string? _worker;
    private int? _retries;
    private string? _queue;
    private ReadOnlyMemory<byte> _args;
    private ReadOnlyMemory<byte> _kwargs;

    /// <summary>False where the JSON is no object with a task id and a status.</summary>
    /// <exception cref="JsonException">The JSON is malformed.</exception>
    public static bool TryRead(ReadOnlyMemory<byte> json, out ResultRecord? record)
    {
        record = null;
        var reader = new Utf8JsonReader(json.Span, s_options);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }
        var members = new ResultReader(json);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonText.Read(ref reader);
            reader.Read();
            members.Take(name, ref reader);
        }
        // What follows the object is refused by the reader.
        reader.Read();
        record = members.Finish();
        return record is not null;
    }

    private void Take(string name, ref Utf8JsonReader reader)
    {
        switch (name)
        {
            case "task_id": _taskId = ReadText(ref reader); break;
            case "status": _status = ReadText(ref reader); break;
            case "result": _result = ReadJson(ref reader); break;
            case "traceback": _traceback = ReadText(ref reader); break;
            case "children": _children = ReadJson(ref reader); break;
            case "date_done": _dateDone = ReadText(ref reader); break;
            case "group_id": _groupId = ReadText(ref reader); break;
            case "parent_id": _parentId = ReadText(ref reader); break;
            case "name": _name = ReadText(ref reader); break;
            case "worker": _worker = ReadText(ref reader); break;
            case "retries": _retries = ReadNumber(ref reader); break;
            case "queue": _queue = ReadText(ref reader); break;
            case "args": _args = ReadJson(ref reader); break;
            case "kwargs": _kwargs = ReadJson(ref reader); break;
            default: reader.Skip(); break;
        }
    }

    private readonly ResultRecord? Finish()
    {
        if (string.IsNullOrEmpty(_taskId) || string.IsNullOrEmpty(_status))
        {
            return null;
        }
        var record = new ResultRecord
        {
            TaskId = _taskId,
            Status = _status,
            Traceback = _traceback,
            DateDone = CeleryTime.TryParse(_dateDone, out var done) ? done : null,
            GroupId = _groupId,
            ParentId = _parentId,
            Name = _name,
            Worker = _worker,
            Retries = _retries,
            Queue = _queue,
            Args = _args,
            Kwargs = _kwargs,
            Children = _children.IsEmpty ? ResultRecord.Unknown : _children,
            Result = _result.IsEmpty ? ResultRecord.Unknown : _result,
        };
        return record;
    }

    private static string? ReadText(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return JsonText.Read(ref reader);
        }
        reader.Skip();
        return null;
    }

    private static int? ReadNumber(ref Utf8JsonReader reader)
    {
        int? number = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value) ? value : null;
        reader.Skip();
        return number;
    }

    private readonly ReadOnlyMemory<byte> ReadJson(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return json[start..(int)reader.BytesConsumed];
    }
}
