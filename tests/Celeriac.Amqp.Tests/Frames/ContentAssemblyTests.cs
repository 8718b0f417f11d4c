using System.Buffers;
using System.Buffers.Binary;
using Celeriac.Amqp.Client;
using Celeriac.Amqp.Wire;

namespace Celeriac.Amqp.Tests.Frames;

/// <summary>Messages that come in many frames.</summary>
public sealed class ContentAssemblyTests
{
    [Fact]
    public void A_body_in_many_frames_is_one_body()
    {
        var content = new ContentAssembly();
        content.Begin(Methods.BasicDeliver, "", "queue", 1);
        Assert.Null(content.Header(Announced(5)));
        Assert.Null(content.Body(new ReadOnlySequence<byte>([1, 2])));
        Assert.Null(content.Body(new ReadOnlySequence<byte>([3])));
        Assert.Equal([1, 2, 3, 4, 5], content.Body(new ReadOnlySequence<byte>([4, 5]))!.Body.ToArray());
    }

    [Fact]
    public void A_body_that_is_only_announced_takes_no_memory()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var content = new ContentAssembly();
        content.Begin(Methods.BasicDeliver, "", "queue", 1);
        content.Header(Announced(512 << 20));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 << 20);
    }

    [Fact]
    public void What_is_more_than_was_announced_or_belongs_to_nothing_is_refused()
    {
        var content = new ContentAssembly();
        Assert.Throws<AmqpFormatException>(() => content.Header(Announced(1)));
        Assert.Throws<AmqpFormatException>(() => content.Body(new ReadOnlySequence<byte>([1])));
        content.Begin(Methods.BasicDeliver, "", "queue", 1);
        Assert.Throws<AmqpFormatException>(() => content.Header(Announced(ulong.MaxValue)));
        content.Header(Announced(1));
        Assert.Throws<AmqpFormatException>(() => content.Body(new ReadOnlySequence<byte>([1, 2])));
    }

    private static ContentHeader Announced(ulong size)
    {
        var payload = new byte[14];
        BinaryPrimitives.WriteUInt64BigEndian(payload.AsSpan(4), size);
        return ContentHeader.Read(payload, new TextPool());
    }
}
