using Celeriac.Messaging;
using Celeriac.Protocol;
using static Celeriac.Tests.Protocol.TestMessages;

namespace Celeriac.Tests.Protocol;

public sealed class RetryTests
{
    private static readonly DateTimeOffset s_eta = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void A_retry_changes_the_count_and_the_time_and_nothing_else()
    {
        foreach (var golden in GoldenMessages.All.Where(golden => TaskMessageCodec.Decode(golden.Message, DecodeLimits.Default).Request is not null))
        {
            var retry = TaskMessageCodec.EncodeRetry(Read(golden.Message), 3, s_eta, "w@host");
            var expected = golden.Message.Headers.With("retries", 3).With("eta", "2030-01-02T03:04:05.000000+00:00");
            Assert.Equal(expected, retry.Headers);
            Assert.Equal(golden.Message with { Headers = retry.Headers, Expiration = null }, retry);
        }
    }

    [Fact]
    public void A_compressed_body_stays_as_it_was()
    {
        var message = GoldenMessages.Find("5.6", "compression zlib").Message;
        var retry = TaskMessageCodec.EncodeRetry(Read(message), 1, null, "w@host");
        Assert.True(message.Body.Span.SequenceEqual(retry.Body.Span));
        Assert.Equal("[2, 2]"u8, Read(retry).Body.Span.Slice(Read(retry).Args.Start, Read(retry).Args.Length));
    }

    [Fact]
    public void What_brokers_and_the_quarantine_noted_is_left_behind()
    {
        var message = With(GoodBody,
            ("x-death", List()), ("x-first-death-queue", "q"), ("x-last-death-reason", "expired"), ("x-delivery-count", 3),
            (QuarantineHeader.Reason, "TooLarge"), ("x-own", "kept"));
        var retry = TaskMessageCodec.EncodeRetry(Read(message), 1, null, "w@host");
        Assert.Equal(["eta", "id", "origin", "retries", "task", "x-own"], retry.Headers.Select(header => header.Key).Order());
    }

    [Fact]
    public void The_first_origin_and_the_parent_stay()
    {
        var retry = Read(TaskMessageCodec.EncodeRetry(Read(With(GoodBody, ("origin", "gen1@a"), ("parent_id", "p"))), 1, null, "w@host"));
        Assert.Equal(("gen1@a", "p", 1), (retry.Origin, retry.ParentId, retry.Retries));
        Assert.Equal("w@host", Read(TaskMessageCodec.EncodeRetry(Read(With()), 1, null, "w@host")).Origin);
    }
}
