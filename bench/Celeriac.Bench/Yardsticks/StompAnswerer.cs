using System.Net.Sockets;
using System.Text;
using Celeriac.Bench.Acting;

namespace Celeriac.Bench.Yardsticks;

/// <summary>Raw STOMP frames that work: what has come together is answered and acknowledged in one transaction; replies are not persistent.</summary>
internal sealed class StompAnswerer(Arguments arguments) : Actor
{
    private StompLink? _link;

    public override Task PrepareAsync()
    {
        Tally.Expect(arguments, new Meter(0));
        _link = new StompLink(arguments.Broker);
        _link.Send($"SUBSCRIBE\nid:0\ndestination:/queue/{arguments.Queue}\nack:client-individual\nactivemq.prefetchSize:{arguments.Number("prefetch", 100)}\n\n\0");
        new Thread(Work) { IsBackground = true }.Start();
        return Task.CompletedTask;
    }

    public override Task<Report> RunAsync(CancellationToken end) => Tally.FinishAsync(end);

    public override ValueTask DisposeAsync()
    {
        _link?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Work()
    {
        try
        {
            while (true)
            {
                var messages = _link!.Take().FindAll(frame => frame.StartsWith("MESSAGE", StringComparison.Ordinal));
                if (messages.Count > 0)
                {
                    _link.Send(Answers(messages));
                }
            }
        }
        catch (Exception end) when (end is IOException or SocketException or ObjectDisposedException)
        {
            // The run is over.
        }
    }

    private static string Answers(List<string> messages)
    {
        var frames = new StringBuilder("BEGIN\ntransaction:t\n\n\0");
        foreach (var message in messages)
        {
            Tally.Run(0);
            frames.Append("SEND\ndestination:").Append(StompLink.Header(message, "reply-to")).Append("\npersistent:false\ntransaction:t\ncorrelation-id:").Append(StompLink.Header(message, "id")).Append("\n\n");
            frames.Append(Encoding.UTF8.GetString(CeleryMessage.Reply)).Append('\0');
            frames.Append("ACK\nid:").Append(StompLink.Header(message, "ack")).Append("\ntransaction:t\n\n\0");
        }
        return frames.Append("COMMIT\ntransaction:t\nreceipt:r\n\n\0").ToString();
    }
}
