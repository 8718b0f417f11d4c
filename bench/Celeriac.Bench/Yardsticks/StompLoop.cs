using System.Net.Sockets;
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
    private readonly byte[] _input = new byte[65536];
    private Socket? _socket;
    private int _receipts;

    public override Task PrepareAsync()
    {
        var broker = new Uri(arguments.Broker);
        _socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect(broker.Host, broker.Port);
        Send($"CONNECT\naccept-version:1.2\nhost:{broker.Host}\n\n\0");
        WaitUntil(1);
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
            Send(Batch());
            asked++;
            WaitUntil(before + asked - arguments.Window + 1);
        }
        WaitUntil(before + asked);
        return asked * _batch;
    }

    public override ValueTask DisposeAsync()
    {
        _socket?.Dispose();
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
            frames.Append(_batch == 1 ? "receipt:r\n" : "").Append("id:").Append(Guid.NewGuid()).Append("\ntask:bench.noop\nlang:py\nretries:0\ncontent-type:application/json\n\n");
            frames.Append(Encoding.UTF8.GetString(CeleryMessage.Body)).Append('\0');
        }
        return frames.Append(_batch > 1 ? "COMMIT\ntransaction:t\nreceipt:r\n\n\0" : "").ToString();
    }

    private void Send(string frames) => _socket!.Send(Encoding.UTF8.GetBytes(frames));

    /// <summary>Reads until so many frames have come: nothing but receipts does, after the first. Their ends are counted.</summary>
    private void WaitUntil(int receipts)
    {
        while (_receipts < receipts)
        {
            var read = _socket!.Receive(_input);
            var text = _input.AsSpan(0, read);
            if (read == 0 || text.StartsWith("ERROR"u8))
            {
                throw new IOException($"The broker has refused or is gone: {Encoding.UTF8.GetString(text)}");
            }
            _receipts += text.Count((byte)0);
        }
    }
}
