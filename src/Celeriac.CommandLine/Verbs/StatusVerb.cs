using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Sending;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>status</c>: the broker, what is in its queues, and which workers answer.</summary>
internal static class StatusVerb
{
    public static Command Create(Func<ParseResult, Session> open)
    {
        var queues = new Option<string[]>("--queues", "-Q") { Description = "The queues to look at, comma-separated; default all that this program knows.", HelpName = "queues", CustomParser = OptionReading.Queues };
        var remote = new RemoteOptions();
        var command = new Command("status", "Show the broker, what is in its queues, and which workers are online.") { queues };
        remote.AddTo(command);
        command.SetAction((parse, _) =>
        {
            var session = open(parse);
            return CommandLineProgram.WorkAsync(session, async cancellation =>
            {
                var names = parse.GetValue(queues) is { Length: > 0 } chosen ? chosen : session.KnownQueues;
                var transport = session.Client.Transport;
                var counts = await CountAsync(transport, names, cancellation).ConfigureAwait(false);
                var paused = await PausedAsync(session, cancellation).ConfigureAwait(false);
                // Without fanout there is no remote control, and nobody to ask.
                var nodes = Pidbox.IsPossible(transport) ? await session.Client.Control.PingAsync(remote.Read(parse), cancellation).ConfigureAwait(false) : null;
                if (parse.GetValue(remote.Json))
                {
                    session.Terminal.WriteJson(writer => WriteJson(writer, transport.Name, counts, paused, nodes));
                }
                else
                {
                    Write(session.Terminal, transport.Name, counts);
                    if (paused.Count > 0)
                    {
                        session.Terminal.Tell($"Paused: {string.Join(", ", paused)}.");
                    }
                }
                return Finish(session.Terminal, nodes, parse.GetValue(remote.Json));
            });
        });
        return command;
    }

    /// <summary>A store that is away must not hide what the broker and the workers say.</summary>
    private static async ValueTask<IReadOnlyList<string>> PausedAsync(Session session, CancellationToken cancellationToken)
    {
        try
        {
            return await session.Client.Control.PausedAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (TransportException error)
        {
            session.Terminal.Tell($"Which queues are paused cannot be read: {error.Message}");
            return [];
        }
    }

    private static int Finish(Terminal terminal, IReadOnlyList<NodeReply>? nodes, bool json)
    {
        if (nodes is { Count: 0 })
        {
            terminal.Fail(RemoteOptions.NobodyAnswered);
            return CommandLineProgram.Unavailable;
        }
        if (nodes is not null && !json)
        {
            foreach (var node in nodes)
            {
                NodeOutput.Write(terminal, node, withAnswer: false);
            }
            NodeOutput.TellCount(terminal, nodes.Count);
        }
        return CommandLineProgram.Done;
    }

    /// <summary>Each queue, and its quarantine where there is one; null where the broker does not count.</summary>
    private static async ValueTask<IReadOnlyList<(string Queue, QueueCounts? Counts)>?> CountAsync(ITransport transport, IEnumerable<string> queues, CancellationToken cancellationToken)
    {
        await transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
        if (!transport.Capabilities.Counts)
        {
            return null;
        }
        var counted = new List<(string, QueueCounts?)>();
        foreach (var queue in queues)
        {
            counted.Add((queue, await transport.CountAsync(queue, cancellationToken).ConfigureAwait(false)));
            var quarantine = TaskQueues.QuarantineOf(queue);
            if (await transport.CountAsync(quarantine, cancellationToken).ConfigureAwait(false) is { } counts)
            {
                counted.Add((quarantine, counts));
            }
        }
        return counted;
    }

    private static void Write(Terminal terminal, string broker, IReadOnlyList<(string Queue, QueueCounts? Counts)>? queues)
    {
        terminal.Tell($"Broker {broker} answers.");
        if (queues is null)
        {
            terminal.Tell("It does not tell how many messages its queues have; ask it with its own tools.");
            return;
        }
        terminal.WriteTable(
            ["queue", "ready", "unacknowledged", "delayed", "consumers"],
            queues.Select(queue => queue.Counts is { } counts
                ? new[] { queue.Queue, Number(counts.Ready) + (counts.IsLowerBound ? " or more" : ""), Number(counts.Unacknowledged), Number(counts.Delayed), Number(counts.Consumers) }
                : [queue.Queue, "no such queue yet", "", "", ""]));
    }

    private static string Number(long? count) => count?.ToString(CultureInfo.InvariantCulture) ?? "?";

    private static void WriteJson(Utf8JsonWriter writer, string broker, IReadOnlyList<(string Queue, QueueCounts? Counts)>? queues, IReadOnlyList<string> paused, IReadOnlyList<NodeReply>? nodes)
    {
        writer.WriteStartObject();
        writer.WriteString("broker"u8, broker);
        writer.WritePropertyName("nodes"u8);
        NodeOutput.WriteJson(writer, nodes ?? []);
        writer.WriteStartArray("queues"u8);
        foreach (var (queue, counts) in queues ?? [])
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, queue);
            writer.WriteBoolean("exists"u8, counts is not null);
            WriteNumber("ready", counts?.Ready);
            WriteNumber("unacknowledged", counts?.Unacknowledged);
            WriteNumber("delayed", counts?.Delayed);
            WriteNumber("consumers", counts?.Consumers);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartArray("paused"u8);
        foreach (var queue in paused)
        {
            writer.WriteStringValue(queue);
        }
        writer.WriteEndArray();
        writer.WriteEndObject();

        void WriteNumber(string name, long? value)
        {
            if (value is { } number)
            {
                writer.WriteNumber(name, number);
            }
            else
            {
                writer.WriteNull(name);
            }
        }
    }
}
