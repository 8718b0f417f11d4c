using System.Buffers.Binary;
using System.Text;
using Celeriac.Bench.Acting;

namespace Celeriac.Bench.Yardsticks;

/// <summary>Hand-written frames that work: counts, replies where that is asked for (transient, as Celery does), acknowledges each; reply and acknowledgement leave in one write.</summary>
internal sealed class RawWorker(Arguments arguments) : Actor
{
    private readonly Meter _meter = new(0);
    private RawLink? _link;
    private byte[] _reply = [];
    private int _id;
    private string _replies = "";
    private ulong _tag;
    private bool _isCall;

    public override Task PrepareAsync()
    {
        Tally.Expect(arguments, _meter);
        _link = new RawLink(arguments, confirms: false);
        if (!arguments.Has("hold"))
        {
            Start();
        }
        return Task.CompletedTask;
    }

    public override Task<Report> RunAsync(CancellationToken end)
    {
        if (arguments.Has("hold"))
        {
            Start();
        }
        return Tally.FinishAsync(end);
    }

    public override ValueTask DisposeAsync()
    {
        _link?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Start()
    {
        _link!.Consume(arguments.Queue, noAck: false, arguments.Number("prefetch", 100));
        new Thread(Work) { IsBackground = true }.Start();
    }

    private void Work()
    {
        try
        {
            while (true)
            {
                _link!.Exchange(Take);
            }
        }
        catch (Exception end) when (end is IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            // The run is over.
        }
    }

    private void Take(byte type, ReadOnlySpan<byte> payload)
    {
        if (type == 1 && BinaryPrimitives.ReadUInt32BigEndian(payload) == RawLink.Deliver)
        {
            _tag = BinaryPrimitives.ReadUInt64BigEndian(payload[(5 + payload[4])..]);
        }
        else if (type == 2)
        {
            var (id, replyTo) = RawMessage.Sender(payload);
            _isCall = !replyTo.Equals(default);
            if (_isCall)
            {
                Prepare(payload[id], payload[replyTo]);
            }
        }
        else if (type == 3)
        {
            Tally.Run(0);
            if (_isCall)
            {
                _link!.Append(_reply);
            }
            _link!.Acknowledge(_tag);
        }
    }

    /// <summary>The reply to the task whose header has come; all of a run go to one queue.</summary>
    private void Prepare(ReadOnlySpan<byte> id, ReadOnlySpan<byte> replyTo)
    {
        if (_replies.Length == 0)
        {
            _replies = Encoding.ASCII.GetString(replyTo);
            var text = Encoding.ASCII.GetString(id);
            _reply = RawLink.Message(_replies, RawMessage.ReplyProperties(text), CeleryMessage.Reply);
            _id = RawMessage.PlacesOf(_reply, text)[0];
        }
        id.CopyTo(_reply.AsSpan(_id));
    }
}
