using System.Text;
using Celeriac.Bench.Acting;

namespace Celeriac.Bench.Yardsticks;

/// <summary>
/// Raw STOMP frames on a blocking socket, persistent: <c>batch=1</c> asks a receipt for each message and keeps <c>window</c> of them under way, a larger batch sends
/// transactions with one receipt each.
/// </summary>
internal sealed class StompLoop(Arguments arguments) : Actor
{
    private readonly int _batch = arguments.Number("batch", 1);
    private StompLink? _link;
    private int _receipts;

    public override Task PrepareAsync()
    {
        _link = new StompLink(arguments.Broker);
        return Task.CompletedTask;
    }

    public override Task<Report> RunAsync(CancellationToken end)
    {
        var meter = new Meter(0);
        Loop(arguments.Warm);
        meter.Begin();
        return Task.FromResult(meter.Finish(Loop(arguments.Tasks)));
    }

    private int Loop(int tasks)
    {
        var (asked, before) = (0, _receipts);
        for (var sent = 0; sent < tasks; sent += _batch)
        {
            _link!.Send(Batch());
            asked++;
            WaitUntil(before + asked - arguments.Window + 1);
        }
        WaitUntil(before + asked);
        return asked * _batch;
    }

    public override ValueTask DisposeAsync()
    {
        _link?.Dispose();
        return ValueTask.CompletedTask;
    }

    private string Batch()
    {
        var frames = new StringBuilder();
        var transaction = _batch > 1 ? "transaction:t\n" : "";
        if (_batch > 1)
        {
            frames.Append("BEGIN\ntransaction:t\n\n\0");
        }
        for (var index = 0; index < _batch; index++)
        {
            frames.Append("SEND\ndestination:/queue/").Append(arguments.Queue).Append("\npersistent:true\n").Append(transaction);
            frames.Append(_batch == 1 ? "receipt:r\n" : "").Append(StompLink.TaskHeaders(Guid.NewGuid())).Append('\n');
            frames.Append(Encoding.UTF8.GetString(CeleryMessage.Body)).Append('\0');
        }
        return frames.Append(_batch > 1 ? "COMMIT\ntransaction:t\nreceipt:r\n\n\0" : "").ToString();
    }

    /// <summary>Reads until so many receipts have come; nothing else does.</summary>
    private void WaitUntil(int receipts)
    {
        while (_receipts < receipts)
        {
            _receipts += _link!.Take().Count;
        }
    }
}
