using System.Globalization;
using System.Text;
using System.Text.Json;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.CommandLine.Verbs;

/// <summary>Events as the lines that Celery's own <c>celery events --dump</c> prints: node, time, type, task, fields by name. One line each, whatever is in them.</summary>
internal sealed class EventDump
{
    private const int MostNames = 4095;
    private static readonly string[] s_apart = ["type", "hostname", "timestamp"];
    private static readonly string[] s_ofTask = ["uuid"];
    private static readonly string[] s_ofCall = ["uuid", "name", "args", "kwargs"];
    private readonly Dictionary<string, string> _tasks = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>The line of an event.</summary>
    public string LineOf(CeleryEvent happened)
    {
        var type = happened.Type.ToLowerInvariant();
        var isCall = type is "task-received" or "task-sent";
        var hidden = isCall ? s_ofCall : happened.Group == "task" ? s_ofTask : [];
        var fields = string.Join(", ", happened.Fields.Keys
            .Where(field => !s_apart.Contains(field) && !hidden.Contains(field)).Order(StringComparer.Ordinal)
            .Select(field => $"{field}={TextOf(happened.Fields[field])}"));
        var line = new StringBuilder($"{happened.Hostname} [{TimeOf(happened.Timestamp)}] {Words(type)}").Append(fields.Length > 0 ? ":" : "");
        if (happened.Group == "task")
        {
            line.Append(' ').Append(TaskOf(happened, isCall));
        }
        return Safe(line.Append(' ').Append(fields).ToString());
    }

    private string TaskOf(CeleryEvent happened, bool isCall)
    {
        if (happened.TaskId is not { } id)
        {
            return "";
        }
        if (!isCall)
        {
            return _tasks.GetValueOrDefault(id, "");
        }
        var text = $"{happened.Text("name")}({id}) args={happened.Text("args")} kwargs={happened.Text("kwargs")}";
        if (!_tasks.ContainsKey(id))
        {
            _order.Enqueue(id);
        }
        // A task that was replaced has another name with the same id.
        _tasks[id] = text;
        if (_order.Count > MostNames)
        {
            _tasks.Remove(_order.Dequeue());
        }
        return text;
    }

    private static string Words(string type) => type switch
    {
        "worker-online" => "started",
        "worker-heartbeat" => "heartbeat",
        "worker-offline" => "shutdown",
        _ => type.Replace('-', ' '),
    };

    private static string TimeOf(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff'+00:00'", CultureInfo.InvariantCulture);

    /// <summary>A value as Python's <c>str</c> shows it.</summary>
    private static string TextOf(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return Events.EventDecoder.TextOf(value)!;
        }
        try
        {
            return PythonRepr.OfValue(Encoding.UTF8.GetBytes(value.GetRawText()));
        }
        catch (JsonException)
        {
            return value.GetRawText();
        }
    }

    // A traceback has lines of its own; here an event is one.
    private static string Safe(string line) => Terminal.Safe(line.ReplaceLineEndings("\\n"));
}
