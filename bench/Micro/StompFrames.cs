using System.Buffers;
using BenchmarkDotNet.Attributes;
using Celeriac.Stomp;

namespace Celeriac.Bench.Micro;

/// <summary>A STOMP frame of a task's size, read and written.</summary>
public class StompFrames
{
    private readonly FrameParser _parser = new(1 << 20, 16 << 10, 100);
    private readonly ArrayBufferWriter<byte> _output = new(4096);
    private StompFrame _frame = null!;
    private ReadOnlySequence<byte> _bytes;

    [GlobalSetup]
    public void Prepare()
    {
        _frame = Stomp.StompFrames.Send("/queue/celery", new byte[200], StompHeaders.Create(
        [
            new("persistent", "true"), new("content-type", "application/json"), new("correlation-id", "018f3c1e-6f2a-7c4b-9d1e-2a3b4c5d6e7f"), new("celery-headers", new string('h', 600)),
        ]));
        Write();
        _bytes = new ReadOnlySequence<byte>(_output.WrittenSpan.ToArray());
    }

    [Benchmark]
    public long Write()
    {
        _output.ResetWrittenCount();
        return FrameEncoder.Write(_output, _frame, "receipt-1", FrameEncoder.Measure(_frame, "receipt-1", 16 << 10));
    }

    [Benchmark]
    public object Parse()
    {
        var buffer = _bytes;
        return _parser.Read(ref buffer)!;
    }
}
