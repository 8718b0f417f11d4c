using System.Text;
using Celeriac.Bench.Acting;

namespace Celeriac.Bench.Yardsticks;

/// <summary>Raw STOMP frames that call and await replies, <c>window</c> at once: what there is room for is one transaction.</summary>
internal sealed class StompCaller(Arguments arguments) : Actor
{
    private readonly string _replies = $"/queue/{arguments.Queue}.replies";
    private StompLink? _link;

    public override Task PrepareAsync()
    {
        _link = new StompLink(arguments.Broker);
        _link.Send($"SUBSCRIBE\nid:0\ndestination:{_replies}\nack:auto\n\n\0");
        return Task.CompletedTask;
    }

    public override Task<Report> RunAsync(CancellationToken end) => Task.Run(() =>
    {
        var meter = new Meter(0);
        Call(arguments.Warm);
        meter.Begin();
        Call(arguments.Tasks);
        return meter.Finish(arguments.Tasks);
    }, CancellationToken.None);

    public override ValueTask DisposeAsync()
    {
        _link?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Call(int tasks)
    {
        for (var (sent, answered) = (0, 0); answered < tasks;)
        {
            var room = Math.Min(tasks - sent, arguments.Window - (sent - answered));
            if (room > 0)
            {
                _link!.Send(Batch(room));
                sent += room;
            }
            answered += _link!.Take().Count(frame => frame.StartsWith("MESSAGE", StringComparison.Ordinal));
        }
    }

    private string Batch(int calls)
    {
        var frames = new StringBuilder("BEGIN\ntransaction:t\n\n\0");
        for (var index = 0; index < calls; index++)
        {
            frames.Append("SEND\ndestination:/queue/").Append(arguments.Queue).Append("\npersistent:true\ntransaction:t\nreply-to:").Append(_replies).Append('\n');
            frames.Append(StompLink.TaskHeaders(Guid.NewGuid())).Append('\n').Append(Encoding.UTF8.GetString(CeleryMessage.Body)).Append('\0');
        }
        return frames.Append("COMMIT\ntransaction:t\nreceipt:r\n\n\0").ToString();
    }
}
