using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Tests.Protocol;

/// <summary>What the codec allocates for a plain call. The ceilings are a little over what was measured without optimization.</summary>
public sealed class AllocationTests
{
    private const int Rounds = 200;
    private static readonly EncodeContext s_context = new("id-1", "id-1", null, "gen1@host", null, null, "replies");

    [Fact]
    public void Encoding_allocates_the_message_with_its_headers_and_little_else()
    {
        var signature = new Signature("math.add") { Declared = TaskOptions.Default }.WithArgs(2, 2);
        Assert.InRange(BytesOf(() => TaskMessageCodec.Encode(signature, s_context)), 1, 1280);
    }

    [Fact]
    public void Decoding_allocates_the_request_and_little_else()
    {
        var message = TaskMessageCodec.Encode(new Signature("math.add").WithArgs(2, 2), s_context);
        Assert.InRange(BytesOf(() => TaskMessageCodec.Decode(message, DecodeLimits.Default)), 1, 832);
    }

    [Fact]
    public void An_id_allocates_its_text_alone() => Assert.InRange(BytesOf(TaskId.New), 1, 96);

    /// <summary>Memory answers at once, so all of a call happens on this thread: signature, routing, message, and the store that takes it.</summary>
    [Fact]
    public async Task Sending_through_memory_allocates_the_message_and_little_else()
    {
        await using var client = TaskClient.Open($"memory://{Guid.NewGuid():N}");
        await client.Transport.DeclareAsync(Topology.Queue("celery"), TestContext.Current.CancellationToken);
        var signature = new Signature("math.add") { Declared = TaskOptions.Default, Options = new SendOptions { IgnoreResult = true } }.WithArgs(2, 2);
        await client.SendAsync(signature, TestContext.Current.CancellationToken);
        Assert.InRange(BytesOf(() => client.SendAsync(signature, CancellationToken.None).AsTask().IsCompletedSuccessfully ? true : throw new InvalidOperationException("Memory has not answered at once.")), 1, 5000);
    }

    private static long BytesOf<T>(Func<T> work)
    {
        // The first calls fill what is kept.
        work();
        work();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < Rounds; round++)
        {
            work();
        }
        return (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
    }
}
