using System.IO.Compression;
using System.Text;
using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;
using Celeriac.Protocol;
using static Celeriac.Tests.Protocol.TestMessages;

namespace Celeriac.Tests.Protocol;

/// <summary>Whatever arrives, decoding answers, and at a bounded cost. The random tests have fixed seeds.</summary>
public sealed class HostileBodyTests
{
    [Fact]
    public void A_good_body_cut_at_any_byte_is_malformed()
    {
        var body = Encoding.UTF8.GetBytes(GoodBody);
        for (var length = 0; length < body.Length; length++)
        {
            Assert.Equal(QuarantineReason.MalformedBody, Fault(With() with { Body = body.AsMemory(0, length) }).Reason);
        }
        Assert.NotNull(Read(With() with { Body = body }));
    }

    [Fact]
    public void A_compressed_body_cut_at_any_byte_is_malformed_or_lost_no_more_than_its_checksum()
    {
        var signature = new Signature("a") { Options = new SendOptions { Compression = "zlib" } }.WithArgs("abcdefgh", 12);
        var message = TaskMessageCodec.Encode(signature, new EncodeContext("id", "id", null, "o", null, null, null));
        for (var length = 0; length < message.Body.Length; length++)
        {
            var decoded = TaskMessageCodec.Decode(message with { Body = message.Body[..length] }, DecodeLimits.Default);
            Assert.True(decoded.Fault is not null || (length >= message.Body.Length - 5 && decoded.Request!.Body.Span.SequenceEqual(Read(message).Body.Span)));
        }
    }

    [Fact]
    public void Random_bytes_never_make_an_exception()
    {
        var random = new Random(1);
        for (var round = 0; round < 5_000; round++)
        {
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            var message = With() with { Body = bytes };
            AssertAnswers(round % 3 == 0 ? message with { Headers = message.Headers.With("compression", round % 2 == 0 ? "gzip" : "brotli") } : message);
        }
    }

    [Fact]
    public void A_good_body_with_some_bytes_changed_never_makes_an_exception()
    {
        var random = new Random(2);
        var alphabet = "[]{},:\"\\u0NaInfty-+.e1 \0\xff"u8.ToArray();
        for (var round = 0; round < 5_000; round++)
        {
            var body = Encoding.UTF8.GetBytes(GoodBody);
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                body[random.Next(body.Length)] = alphabet[random.Next(alphabet.Length)];
            }
            AssertAnswers(With() with { Body = body });
        }
    }

    [Fact]
    public void Random_headers_never_make_an_exception()
    {
        var random = new Random(3);
        string[] names = ["task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id", "parent_id", "argsrepr", "origin", "ignore_result", "stamps", "compression", "x"];
        for (var round = 0; round < 5_000; round++)
        {
            var headers = names.Where(_ => random.Next(3) == 0).Select(name => (name, RandomValue(random, 0)));
            AssertAnswers(With(GoodBody, [.. headers]));
        }
    }

    [Fact]
    public void A_body_beyond_the_limit_is_refused_unread()
    {
        var limits = DecodeLimits.Default with { Contents = ContentRegistry.Default.Accepting("json") with { MaximumBodyBytes = 1000 } };
        Assert.Equal(QuarantineReason.TooLarge, Fault(With() with { Body = new byte[1001] }, limits).Reason);
    }

    [Fact]
    public void A_bomb_is_refused_without_holding_what_it_unpacks_to()
    {
        using var bomb = new MemoryStream();
        using (var stream = new ZLibStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var megabyte = 0; megabyte < 256; megabyte++)
            {
                stream.Write(zeros);
            }
        }
        var limits = DecodeLimits.Default with { Contents = ContentRegistry.Default.Accepting("json") with { MaximumBodyBytes = 1 << 20 } };
        var message = With(GoodBody, ("compression", "application/x-gzip")) with { Body = bomb.ToArray() };
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(QuarantineReason.TooLarge, Fault(message, limits).Reason);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 8 << 20);
    }

    [Theory]
    [InlineData(65, true)]
    [InlineData(66, false)]
    [InlineData(100_000, false)]
    public void Depth_is_bounded(int depth, bool isRead)
    {
        // The array of the body is the first level.
        var message = With($"[{new string('[', depth)}{new string(']', depth)}, {{}}, {{}}]");
        var decoded = TaskMessageCodec.Decode(message, DecodeLimits.Default);
        Assert.Equal(isRead ? null : QuarantineReason.TooDeep, decoded.Fault?.Reason);
    }

    [Fact]
    public void A_large_body_is_walked_without_building_anything()
    {
        var message = With($"[[{string.Join(',', Enumerable.Repeat("{\"a\":1}", 100_000))}], {{}}, {{}}]");
        Read(message);
        // The least of several: a collection may empty the pools in between.
        Assert.True(Enumerable.Range(0, 5).Min(_ => AllocatedBy(message)) < 4096);
    }

    private static long AllocatedBy(Message message)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Read(message);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void AssertAnswers(Message message)
    {
        var decoded = TaskMessageCodec.Decode(message, DecodeLimits.Default);
        Assert.True(decoded.Request is null != decoded.Fault is null);
        Assert.True(decoded.Fault is null || decoded.Fault.Text.Length is > 20 and < 1000);
    }

    private static HeaderValue RandomValue(Random random, int depth)
    {
        switch (random.Next(depth > 3 ? 7 : 9))
        {
            case 0: return HeaderValue.Null;
            case 1: return random.Next(2) == 0;
            case 2: return random.NextInt64(-5, 5);
            case 3: return random.NextInt64(long.MinValue, long.MaxValue);
            case 4: return BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            case 5: return new string([.. Enumerable.Range(0, random.Next(12)).Select(_ => (char)random.Next(0, 0x10000))]);
            case 6:
                var bytes = new byte[random.Next(12)];
                random.NextBytes(bytes);
                return bytes;
            case 7: return HeaderValue.From([.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomValue(random, depth + 1))]);
            default: return HeaderValue.From(new MessageHeaders(Enumerable.Range(0, random.Next(4)).Select(index => KeyValuePair.Create($"k{index}", RandomValue(random, depth + 1)))));
        }
    }
}
