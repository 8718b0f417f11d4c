using System.Globalization;
using System.Text;
using System.Text.Json;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.CommandLine.Verbs;

/// <summary>How quarantined messages look.</summary>
internal static class QuarantineOutput
{
    private const int MostBytesShown = 16_384;

    public static void List(Terminal terminal, IReadOnlyList<QuarantinedMessage> messages, bool json, bool isFiltered)
    {
        if (json)
        {
            terminal.WriteJson(writer => WriteJson(writer, messages));
        }
        else if (messages.Count == 0)
        {
            terminal.Tell(isFiltered ? "No message fits." : "The quarantine is empty.");
        }
        else
        {
            terminal.WriteTable(
                ["id", "task", "reason", "when", "times", "queue"],
                messages.Select(message => new[] { message.Id, message.TaskName ?? "", message.Reason, When(message.Time), Text(message.Count), message.Queue }));
        }
    }

    public static void Count(Terminal terminal, IReadOnlyList<(string Queue, QuarantineCounts Counts)> counts, bool json)
    {
        if (json)
        {
            terminal.WriteJson(writer => WriteJson(writer, counts));
        }
        else if (counts.All(count => count.Counts.Total == 0))
        {
            terminal.Tell("The quarantine is empty.");
        }
        else
        {
            terminal.WriteTable(["queue", "reason", "messages"], counts.SelectMany(count => count.Counts.ByReason.Select(reason => new[] { count.Queue, reason.Key, Text(reason.Value) })));
        }
    }

    /// <summary>Says that not everything was looked at, where that is so.</summary>
    public static void Unseen(Terminal terminal, long unseen)
    {
        if (unseen > 0)
        {
            terminal.Warn($"At least {Messages(unseen)} {(unseen == 1 ? "was" : "were")} not looked at: the broker does not hand out so many at once (ActiveMQ: maxPageSize), or somebody else holds them. Run it again when this is done.");
        }
    }

    public static string Messages(long count) => string.Create(CultureInfo.InvariantCulture, $"{count} message{(count == 1 ? "" : "s")}");

    public static void Show(Terminal terminal, QuarantinedMessage shown)
    {
        terminal.Write($"id:       {Terminal.Safe(shown.Id)}");
        terminal.Write($"task:     {Terminal.Safe(shown.TaskName ?? "(none)")}");
        terminal.Write($"reason:   {Terminal.Safe(shown.Reason)}: {Terminal.Safe(shown.Text)}");
        terminal.Write($"queue:    {Terminal.Safe(shown.Queue)}");
        terminal.Write($"when:     {When(shown.Time)}");
        terminal.Write($"times:    {Text(shown.Count)}, first {When(shown.FirstTime)}");
        if (shown.Expires is { } expires)
        {
            terminal.Write($"expires:  {When(expires)}");
        }
        terminal.Write($"node:     {Terminal.Safe(shown.Node ?? "(unknown)")}");
        terminal.Write($"content:  {Terminal.Safe(shown.Message.ContentType ?? "(no type)")}, {Terminal.Safe(shown.Message.ContentEncoding ?? "(no encoding)")}, {shown.Message.Body.Length} bytes");
        terminal.Write("headers:");
        foreach (var header in shown.Message.Headers)
        {
            terminal.Write($"  {Terminal.Safe(header.Key)}: {Terminal.Safe(header.Value.ToString())}");
        }
        terminal.Write("body:");
        terminal.Write(BodyOf(shown.Message));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string When(DateTimeOffset? moment) =>
        moment is { } time ? time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "(unknown)";

    private static string BodyOf(Message message)
    {
        var body = message.Body.Span[..Math.Min(message.Body.Length, MostBytesShown)];
        var text = Encoding.UTF8.GetString(body);
        var shown = text.Contains('\uFFFD', StringComparison.Ordinal) || text.Contains('\0', StringComparison.Ordinal) ? $"base64 {Convert.ToBase64String(body)}" : Terminal.Safe(text);
        return message.Body.Length <= MostBytesShown ? shown : $"{shown}… ({message.Body.Length} bytes)";
    }

    private static void WriteJson(Utf8JsonWriter writer, IReadOnlyList<QuarantinedMessage> messages)
    {
        writer.WriteStartArray();
        foreach (var message in messages)
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, message.Id);
            writer.WriteString("task_id"u8, message.TaskId);
            writer.WriteString("task"u8, message.TaskName);
            writer.WriteString("reason"u8, message.Reason);
            writer.WriteString("text"u8, message.Text);
            writer.WriteString("queue"u8, message.Queue);
            writer.WriteString("time"u8, message.Time is { } time ? CeleryTime.Write(time) : null);
            writer.WriteNumber("count"u8, message.Count);
            writer.WriteString("first_time"u8, message.FirstTime is { } first ? CeleryTime.Write(first) : null);
            writer.WriteString("expires"u8, message.Expires is { } expires ? CeleryTime.Write(expires) : null);
            writer.WriteString("node"u8, message.Node);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void WriteJson(Utf8JsonWriter writer, IReadOnlyList<(string Queue, QuarantineCounts Counts)> counts)
    {
        writer.WriteStartArray();
        foreach (var (queue, count) in counts)
        {
            writer.WriteStartObject();
            writer.WriteString("queue"u8, queue);
            writer.WriteNumber("messages"u8, count.Total);
            writer.WriteStartObject("reasons"u8);
            foreach (var reason in count.ByReason)
            {
                writer.WriteNumber(reason.Key, reason.Value);
            }
            writer.WriteEndObject();
            writer.WriteNumber("unseen"u8, count.Unseen);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}
