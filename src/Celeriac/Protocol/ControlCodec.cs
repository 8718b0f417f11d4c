using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Protocol;

/// <summary>Remote control messages and their answers (CELERY-PROTOCOL section 15). Reading never throws, whatever came.</summary>
internal static class ControlCodec
{
    // The arguments of a running task come with it, and they may be nested as deep as messages may be.
    private const int Deepest = 160;
    private const int LongestName = 255;
    private const int MostDestinations = 10_000;
    private const int LargestBody = 16 << 20;

    /// <summary>
    /// In which formats commands and answers are read: those of tasks, because Celery writes its commands in <c>task_serializer</c>; and json, which we write.
    /// </summary>
    public static ContentRegistry ContentsOf(TaskContents tasks) =>
        tasks.Accepted.Accepting([.. tasks.Accepted.Accepted.Select(format => format.Name).Append("json").Distinct(StringComparer.Ordinal)]) with
        {
            MaximumBodyBytes = LargestBody,
            MaximumDepth = Deepest,
        };

    /// <summary>A message to all nodes; each sees by itself whether it is meant.</summary>
    public static Publication Encode(string method, JsonObject? arguments, ControlAddress address, ControlReplyTo? replyTo, long clock, double expires)
    {
        var body = Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("method"u8, method);
            writer.WritePropertyName("arguments"u8);
            WriteNode(writer, arguments ?? []);
            WriteDestination(writer, address.Destination);
            writer.WriteString("pattern"u8, address.Pattern);
            writer.WriteString("matcher"u8, address.Matcher);
            if (replyTo is not null)
            {
                writer.WriteString("ticket"u8, replyTo.Ticket);
                writer.WriteStartObject("reply_to"u8);
                writer.WriteString("exchange"u8, replyTo.Exchange);
                writer.WriteString("routing_key"u8, replyTo.RoutingKey);
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        });
        var headers = new MessageHeaders([new("clock", clock), new("expires", expires)]);
        return new Publication(MessageOf(body, headers, isPersistent: true), Pidbox.Exchange, "");
    }

    /// <summary>The answer of a node.</summary>
    public static Publication EncodeReply(ControlReplyTo to, string node, JsonNode? value, long clock)
    {
        var body = Write(writer =>
        {
            writer.WriteStartObject();
            writer.WritePropertyName(node);
            WriteNode(writer, value);
            writer.WriteEndObject();
        });
        var headers = new MessageHeaders([new("ticket", to.Ticket), new("clock", clock)]);
        return new Publication(MessageOf(body, headers, isPersistent: false), to.Exchange, to.RoutingKey);
    }

    /// <summary>What a message asks for, or why it is none.</summary>
    public static bool TryDecode(Message message, ContentRegistry contents, [NotNullWhen(true)] out ControlRequest? request, [NotNullWhen(false)] out string? fault)
    {
        request = null;
        if (!TryOpen(message, contents, out var root, out fault))
        {
            return false;
        }
        if (TextOf(root, "method") is not { Length: > 0 and <= LongestName } method)
        {
            fault = "it names no method";
            return false;
        }
        request = new ControlRequest(method, root.TryGetProperty("arguments"u8, out var arguments) && arguments.ValueKind == JsonValueKind.Object ? arguments : s_noArguments)
        {
            Address = new ControlAddress(DestinationOf(root), TextOf(root, "pattern"), TextOf(root, "matcher")),
            ReplyTo = ReplyToOf(root),
            Clock = ClockOf(message.Headers),
            Expires = NumberOf(message.Headers["expires"]),
        };
        return true;
    }

    /// <summary>The node and what it answered; null for a message that is no answer to the ticket, or one that cannot be read, and why.</summary>
    public static (string Node, JsonElement Value)? DecodeReply(Message message, string ticket, ContentRegistry contents, out string? fault)
    {
        fault = null;
        if (message.Headers.TextOf("ticket") is { } other && other != ticket)
        {
            return null;
        }
        if (!TryOpen(message, contents, out var root, out fault))
        {
            return null;
        }
        foreach (var property in root.EnumerateObject())
        {
            return (property.Name, property.Value);
        }
        return null;
    }

    public static long ClockOf(MessageHeaders headers) => headers["clock"] is { Kind: HeaderKind.Long } clock ? clock.AsLong() : 0;

    private static readonly JsonElement s_noArguments = JsonDocument.Parse("{}").RootElement;

    private static bool TryOpen(Message message, ContentRegistry contents, out JsonElement root, [NotNullWhen(false)] out string? fault)
    {
        root = default;
        try
        {
            var opened = contents.Open(message);
            var json = opened.Format.Translation?.ToJson(opened.Body, contents.MaximumDepth, contents.MaximumBodyBytes) ?? opened.Body;
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = Deepest });
            root = document.RootElement.Clone();
            fault = root.ValueKind == JsonValueKind.Object ? null : "its body is no JSON object";
        }
        catch (Exception error) when (error is ContentException or JsonException or FormatException)
        {
            fault = ContentHints.Sentence(error);
        }
        return fault is null;
    }

    private static IReadOnlyList<string>? DestinationOf(JsonElement root)
    {
        if (!root.TryGetProperty("destination"u8, out var given))
        {
            return null;
        }
        return given.ValueKind switch
        {
            JsonValueKind.String => [given.GetString()!],
            JsonValueKind.Array when given.GetArrayLength() > 0 => [.. given.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Take(MostDestinations).Select(item => item.GetString()!)],
            _ => null,
        };
    }

    private static ControlReplyTo? ReplyToOf(JsonElement root) =>
        root.TryGetProperty("reply_to"u8, out var to) && to.ValueKind == JsonValueKind.Object
            && TextOf(to, "exchange") is { Length: <= LongestName } exchange && TextOf(to, "routing_key") is { Length: <= LongestName } key
            ? new ControlReplyTo(exchange, key, TextOf(root, "ticket") is { Length: <= LongestName } ticket ? ticket : null)
            : null;

    private static string? TextOf(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double NumberOf(HeaderValue value) => value.Kind switch
    {
        HeaderKind.Double => value.AsDouble(),
        HeaderKind.Long => value.AsLong(),
        _ => 0,
    };

    private static void WriteDestination(Utf8JsonWriter writer, IReadOnlyList<string>? destination)
    {
        if (destination is null)
        {
            writer.WriteNull("destination"u8);
            return;
        }
        writer.WriteStartArray("destination"u8);
        foreach (var node in destination)
        {
            writer.WriteStringValue(node);
        }
        writer.WriteEndArray();
    }

    private static void WriteNode(Utf8JsonWriter writer, JsonNode? node)
    {
        if (node is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            node.WriteTo(writer);
        }
    }

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { MaxDepth = Deepest * 2 }))
        {
            write(writer);
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static Message MessageOf(byte[] body, MessageHeaders headers, bool isPersistent) => new()
    {
        Body = body,
        ContentType = "application/json",
        ContentEncoding = "utf-8",
        Headers = headers,
        Priority = 0,
        Persistent = isPersistent,
    };
}
