using System.Globalization;
using System.Text;
using System.Text.Json;
using Celeriac.Messaging;

namespace Celeriac.Tests.Protocol;

/// <summary>A message recorded from Python Celery, as our transports would hand it out.</summary>
public sealed record GoldenMessage(string Version, string Title, int Index, Message Message)
{
    public override string ToString() => $"{Version} {Title} {Index}";
}

/// <summary>Reads the recorded messages of <c>tests/golden</c>.</summary>
public static class GoldenMessages
{
    public static IReadOnlyList<GoldenMessage> All { get; } = [.. Read("5.2.6"), .. Read("5.6")];

    /// <summary>The task messages of whole sessions: a worker running every kind of task, with chains, chords, retries and replacements.</summary>
    public static IReadOnlyList<GoldenMessage> Traffic { get; } =
        [.. new[] { "5.2.6-rpc", "5.2.6-redis", "5.2.6-database", "5.6-redis", "5.6-database" }.SelectMany(ReadTraffic)];

    public static GoldenMessage Find(string version, string title, int index = 0) =>
        All.Concat(Traffic).Single(golden => golden.Version == version && golden.Title == title && golden.Index == index);

    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "golden", file));

    private static IEnumerable<GoldenMessage> Read(string version) =>
        from line in Lines($"messages-{version}.jsonl")
        where !line.Contains("\"error\":", StringComparison.Ordinal)
        select Parse(version, line);

    private static IEnumerable<GoldenMessage> ReadTraffic(string session)
    {
        var number = 0;
        foreach (var line in Lines($"traffic-{session}.jsonl"))
        {
            number++;
            // The body comes last, and stays as Python wrote it.
            var start = line.IndexOf(", \"body\": ", StringComparison.Ordinal);
            using var document = JsonDocument.Parse(string.Concat(line.AsSpan(0, start), "}"));
            var root = document.RootElement;
            if (root.GetProperty("x").GetString() == "" && root.GetProperty("headers").TryGetProperty("task", out var task))
            {
                yield return new GoldenMessage(session, task.GetString()!, number, MessageOf(root.GetProperty("props"), root.GetProperty("headers"), Encoding.UTF8.GetBytes(line[(start + 10)..^1])));
            }
        }
    }

    private static GoldenMessage Parse(string version, string line)
    {
        // The body is cut out as text: it may hold Python's bare NaN, and its bytes are to stay as Python wrote them.
        var start = line.IndexOf(", \"body\": ", StringComparison.Ordinal);
        var end = line.IndexOf(", \"raw_body_prefix\": ", StringComparison.Ordinal);
        var body = start < 0 ? null : line[(start + 10)..end];
        using var document = JsonDocument.Parse(start < 0 ? line : line.Remove(start, end - start));
        var root = document.RootElement;
        var bytes = body is null ? ParsePythonBytes(root.GetProperty("body_raw").GetString()!) : Encoding.UTF8.GetBytes(body);
        return new GoldenMessage(
            version, root.GetProperty("title").GetString()!, root.GetProperty("index").GetInt32(), MessageOf(root.GetProperty("properties"), root.GetProperty("headers"), bytes));
    }

    private static Message MessageOf(JsonElement properties, JsonElement headers, byte[] body) =>
        new()
        {
            Body = body,
            ContentType = TextOf(properties, "content_type"),
            ContentEncoding = TextOf(properties, "content_encoding"),
            CorrelationId = TextOf(properties, "correlation_id"),
            ReplyTo = TextOf(properties, "reply_to"),
            Priority = properties.TryGetProperty("priority", out var priority) ? priority.GetByte() : null,
            Expiration = TextOf(properties, "expiration") is { } expiration ? TimeSpan.FromMilliseconds(long.Parse(expiration, CultureInfo.InvariantCulture)) : null,
            Headers = ToHeaders(headers),
        };

    private static string? TextOf(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static MessageHeaders ToHeaders(JsonElement element) =>
        new(element.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, ToValue(property.Value))));

    private static HeaderValue ToValue(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => HeaderValue.Null,
        JsonValueKind.True or JsonValueKind.False => element.GetBoolean(),
        JsonValueKind.Number => element.TryGetInt64(out var whole) ? HeaderValue.From(whole) : HeaderValue.From(element.GetDouble()),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Array => HeaderValue.From([.. element.EnumerateArray().Select(ToValue)]),
        _ => HeaderValue.From(ToHeaders(element)),
    };

    /// <summary>The bytes of a Python literal such as <c>b'x\x9c'</c> or <c>'text'</c>.</summary>
    private static byte[] ParsePythonBytes(string literal)
    {
        var text = (literal.StartsWith('b') ? literal[1..] : literal)[1..^1];
        var bytes = new List<byte>();
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] != '\\')
            {
                bytes.Add((byte)text[index]);
                continue;
            }
            index++;
            if (text[index] == 'x')
            {
                bytes.Add(byte.Parse(text.AsSpan(index + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                index += 2;
                continue;
            }
            bytes.Add(text[index] switch { 'n' => (byte)'\n', 'r' => (byte)'\r', 't' => (byte)'\t', var other => (byte)other });
        }
        return [.. bytes];
    }
}
