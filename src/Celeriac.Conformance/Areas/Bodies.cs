using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    /// <summary>Bytes that differ from place to place, so that a cut or a shift shows.</summary>
    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    [Theory(Timeout = Limit)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(65_536)]
    [InlineData(131_073)]
    [InlineData(10 * 1024 * 1024)]
    public async Task A_body_arrives_byte_for_byte_at_a_length_of(int length)
    {
        var body = Bytes(length);
        var message = await RoundTripAsync(new Message { Body = body });
        Assert.Equal(length, message.Body.Length);
        Assert.True(message.Body.Span.SequenceEqual(body));
    }

    [Fact(Timeout = Limit)]
    public async Task A_body_may_hold_every_byte()
    {
        var body = Enumerable.Range(0, 256).Select(value => (byte)value).ToArray();
        Assert.Equal(body, (await RoundTripAsync(new Message { Body = body })).Body.ToArray());
    }

    [Fact(Timeout = Limit)]
    public async Task A_body_that_is_a_slice_of_an_array_arrives_as_the_slice()
    {
        var array = Bytes(1000);
        Assert.Equal(array[100..300], (await RoundTripAsync(new Message { Body = array.AsMemory(100, 200) })).Body.ToArray());
    }

    [Fact(Timeout = Limit)]
    public async Task A_received_body_does_not_change_when_more_are_received()
    {
        var queue = await DeclareQueueAsync();
        var bodies = Enumerable.Range(1, 20).Select(number => Bytes(number * 997)).ToArray();
        await Transport.PublishAsync(bodies.Select(body => Publication.ToQueue(queue, new Message { Body = body })).ToArray(), Cancelled);
        await using var subscription = await SubscribeAsync(queue, prefetch: 1);
        var received = new List<ReadOnlyMemory<byte>>();
        foreach (var _ in bodies)
        {
            var delivery = await ReceiveAsync(subscription);
            received.Add(delivery.Message.Body);
            await delivery.AckAsync(Cancelled);
        }
        Assert.Equal(bodies, received.Select(body => body.ToArray()));
    }

    [Fact(Timeout = Limit)]
    public async Task A_body_beyond_the_claimed_limit_is_refused_and_named_with_the_limit()
    {
        Assert.True(Can.MaxBodyBytes >= 10 * 1024 * 1024, $"A transport must carry 10 MiB, but the claimed limit is {Can.MaxBodyBytes} bytes.");
        if (Can.MaxBodyBytes >= Array.MaxLength)
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        // Never written to, so it costs address space and no memory, as long as the refusal comes before the first look at it.
        var body = GC.AllocateUninitializedArray<byte>((int)Can.MaxBodyBytes + 1);
        await AssertRefusedAsync(
            () => Transport.PublishAsync(Publication.ToQueue(queue, new Message { Body = body }), Cancelled), $"{body.Length}", $"{Can.MaxBodyBytes}");
        await PublishAsync(queue, "still working");
        Assert.Equal(["still working"], await DrainAsync(queue, 1));
    }
}
