using System.Buffers.Binary;
using System.Diagnostics;
using Celeriac.Bench.Acting;

namespace Celeriac.Bench.Yardsticks;

/// <summary>Hand-written frames that send: confirmed, persistent; <c>mode=publish</c>, or <c>mode=result</c> with a reply for each.</summary>
internal sealed class RawClient(Arguments arguments) : Actor
{
    private readonly Meter _meter = new(arguments.Tasks);
    private readonly Queue<long> _called = new();
    private RawLink? _link;
    private byte[] _message = [];
    private int[] _ids = [];
    private bool _isCall;
    private long _sent, _confirmed, _replied;

    public override Task PrepareAsync()
    {
        _isCall = arguments.Text("mode") == "result";
        _link = new RawLink(arguments, confirms: true);
        var id = Guid.NewGuid().ToString();
        _message = RawLink.Message(arguments.Queue, RawMessage.Properties(id, _isCall ? _link.ConsumeReplies() : null), CeleryMessage.Body);
        _ids = RawMessage.PlacesOf(_message, id);
        return Task.CompletedTask;
    }

    public override Task<Report> RunAsync(CancellationToken end) => Task.Run(() =>
    {
        Send(arguments.Warm);
        _meter.Begin();
        Send(arguments.Tasks);
        return _meter.Finish(arguments.Tasks);
    }, CancellationToken.None);

    public override ValueTask DisposeAsync()
    {
        _link?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Send(int tasks)
    {
        for (var last = _sent + tasks; _sent < last || _confirmed < last || (_isCall && _replied < last);)
        {
            for (var open = _sent - (_isCall ? Math.Min(_replied, _confirmed) : _confirmed); open < arguments.Window && _sent < last; open++, _sent++)
            {
                // Ids that are told apart, of the length of real ones.
                RawMessage.Number(_message, _ids, _sent);
                _link!.Append(_message);
                if (_isCall)
                {
                    _called.Enqueue(Stopwatch.GetTimestamp());
                }
            }
            _link!.Exchange(Take);
        }
    }

    private void Take(byte type, ReadOnlySpan<byte> payload)
    {
        if (type != 1)
        {
            return;
        }
        var method = BinaryPrimitives.ReadUInt32BigEndian(payload);
        if (method == RawLink.Ack)
        {
            var number = (long)BinaryPrimitives.ReadUInt64BigEndian(payload[4..]);
            _confirmed = payload[12] != 0 ? number : _confirmed + 1;
        }
        else if (method == RawLink.Deliver)
        {
            // One worker answers in its order.
            _replied++;
            _meter.NoteSince(_called.Dequeue());
        }
    }
}
