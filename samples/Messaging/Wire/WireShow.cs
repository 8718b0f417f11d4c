using System.Runtime.CompilerServices;
using Celeriac.Messaging;

namespace MessagingSample.Wire;

/// <summary>The layer in one picture: the same call on one broker after the other, and the bytes that it becomes there.</summary>
internal sealed class WireShow(CancellationToken cancellationToken)
{
    private const string Queue = "tour.wire";
    private const string Explanation = """
        --show-wire prints what one SendAsync becomes on the wire. Say on which brokers:

          dotnet run --project samples/Messaging -- --show-wire --broker amqp://… --broker stomp://…

        './build.sh brokers' starts RabbitMQ and ActiveMQ and prints such URLs.
        """;

    /// <summary>Shows it on each broker; answers the exit code.</summary>
    internal async Task<int> RunAsync(IReadOnlyList<string> brokers)
    {
        if (brokers.Count == 0)
        {
            Console.WriteLine(Explanation);
            return 2;
        }
        await ShowAsync(brokers, publisher => publisher.SendAsync("Hello, broker", "tour.wire", new()
        {
            Priority = 7,
            Headers = new(
            [
                new("urgent", true), new("copies", 3), new("weight", 0.75), new("to", "Köln: 5th floor"),
                new("stops", HeaderValue.From(["Århus", 8])), new("stamp", new byte[] { 1, 2, 255 }),
            ]),
        }));
        return 0;
    }

    private async Task ShowAsync(IReadOnlyList<string> brokers, Func<Publisher, ValueTask> send, [CallerArgumentExpression(nameof(send))] string code = "")
    {
        // The call as it stands above, without the indentation there.
        var lines = code[(code.IndexOf("=>", StringComparison.Ordinal) + 3)..].Split('\n');
        var indentation = lines[^1].Length - lines[^1].TrimStart().Length;
        Console.WriteLine(string.Join(Environment.NewLine, lines.Select((line, index) => index == 0 ? line : line[indentation..])));
        foreach (var broker in brokers)
        {
            Console.WriteLine();
            await ShowAsync(BrokerUrl.Parse(broker), broker, send);
        }
    }

    private async Task ShowAsync(BrokerUrl url, string text, Func<Publisher, ValueTask> send)
    {
        if (url.IsEmbedded)
        {
            Console.WriteLine($"{url}: there is no wire. The message goes into a table {(url.Scheme == "memory" ? "in this process's memory" : "of a file on this machine")}.");
            return;
        }
        if (url.Scheme is not ("amqp" or "stomp") || url.Alternates.Count > 0)
        {
            throw new BrokerUrlException($"The bytes for '{url}' cannot be shown: they are encrypted, or the URL names several servers. Give the URL of one server that begins with amqp:// or stomp://.");
        }
        var isAmqp = url.Scheme == "amqp";
        var recordings = await RecordAsync(url.Host, url.Port ?? (isAmqp ? 5672 : 61613), text, send);
        var bytes = recordings.Sum(recording => recording.Sent.Length);
        Console.WriteLine($"{(isAmqp ? "AMQP 0-9-1: binary, a method and its content" : "STOMP 1.2: text, a frame")}, {bytes} bytes, to {url}");
        foreach (var (sent, answered) in recordings)
        {
            Print('→', isAmqp ? AmqpFrames.Lines(sent) : StompFrames.Lines(sent));
            Print('←', isAmqp ? AmqpFrames.Lines(answered) : StompFrames.AnswersTo(sent, answered));
        }
    }

    private async Task<IReadOnlyList<Recording>> RecordAsync(string host, int port, string url, Func<Publisher, ValueTask> send)
    {
        // First without the relay, so that what hinders a connection is said of the broker.
        await using (await Transports.ConnectAsync(url, cancellationToken: cancellationToken))
        {
        }
        await using var relay = new Relay(host, port);
        await using var transport = await Transports.ConnectAsync(new UriBuilder(url) { Host = "127.0.0.1", Port = relay.Port }.ToString(), cancellationToken: cancellationToken);
        await transport.DeclareAsync(new Topology { Queues = [new QueueDeclaration(Queue) { MaxPriority = 9 }] }, cancellationToken);
        var publisher = new Publisher(transport);
        // The first call opens what publishing needs, such as a channel; the second is the one that is shown.
        await send(publisher);
        var recordings = await relay.RecordAsync(() => send(publisher));
        await transport.DeleteQueueAsync(Queue, cancellationToken);
        return recordings;
    }

    /// <summary>Prints lines with an arrow; a longer one than 100 columns goes on in the next.</summary>
    private static void Print(char arrow, IEnumerable<string> lines)
    {
        const int width = 96;
        foreach (var line in lines)
        {
            var mark = $"  {arrow} ";
            foreach (var part in line.Chunk(width).DefaultIfEmpty([]))
            {
                Console.WriteLine((mark + new string(part)).TrimEnd());
                mark = "  ⋮ ";
            }
        }
    }
}
