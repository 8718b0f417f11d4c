using System.Text;
using System.Text.Json;
using Celeriac.Events;
using Celeriac.Messaging;
using Celeriac.Tests.Protocol;

namespace Celeriac.Tests.Events;

/// <summary>The event messages recorded from Python Celery in <c>tests/golden</c>.</summary>
internal static class GoldenEvents
{
    public static IEnumerable<(string RoutingKey, Message Message)> Messages(string version)
    {
        foreach (var line in GoldenMessages.Lines($"events-{version}.jsonl"))
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            yield return (root.GetProperty("rk")[0].GetString()!, new Message
            {
                Body = Encoding.UTF8.GetBytes(root.GetProperty("body").GetRawText()),
                ContentType = "application/json",
                ContentEncoding = "utf-8",
                Headers = new MessageHeaders([new("hostname", root.GetProperty("headers").GetProperty("hostname").GetString()!)]),
                Persistent = false,
            });
        }
    }

    public static List<CeleryEvent> Decoded(string version, LogicalClock? clock = null)
    {
        var decoder = new EventDecoder(clock ?? new LogicalClock(), TimeProvider.System);
        return [.. Messages(version).SelectMany(golden => decoder.Decode(golden.Message))];
    }
}
