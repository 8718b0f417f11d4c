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
        foreach (var golden in GoldenMessages.All.Concat(GoldenMessages.Traffic).Where(golden => golden.Message.Headers.Has("task") && TaskMessageCodec.Decode(golden.Message, DecodeLimits.Default).Request is not null))
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
    public void What_is_unknown_here_is_carried_on_unchanged()
    {
        const string body = """[[1], {}, {"callbacks": [{"task": "a", "new_member": [1]}], "errbacks": null, "chain": null, "chord": {"task": "b", "chord_size": 2}, "some_day": {"x": null}}]""";
        var message = With(body,
            ("stamps", HeaderValue.From(new MessageHeaders([new("customer", "acme"), new("tags", List("a", "b"))]))), ("stamped_headers", List("customer", "tags")),
            ("replaced_task_nesting", 2), ("x-tenant", HeaderValue.From(new MessageHeaders([new("id", 7)]))), ("some_day", List(1, 2.5, HeaderValue.Null)));
        var retry = TaskMessageCodec.EncodeRetry(Read(message), 1, null, "w@host");
        Assert.Equal(body, System.Text.Encoding.UTF8.GetString(retry.Body.Span));
        foreach (var name in new[] { "stamps", "stamped_headers", "replaced_task_nesting", "x-tenant", "some_day" })
        {
            Assert.Equal(message.Headers[name], retry.Headers[name]);
        }
    }

    [Fact]
    public void An_expiration_is_read_and_never_written()
    {
        var request = Read(With() with { Expiration = TimeSpan.FromSeconds(3) });
        Assert.Equal(TimeSpan.FromSeconds(3), request.Message.Expiration);
        Assert.Null(TaskMessageCodec.EncodeRetry(request, 1, null, "w@host").Expiration);
    }

    /// <summary>Python's retries in the recordings, each made again from the message before it.</summary>
    [Fact]
    public void Pythons_retries_are_ours_but_for_the_parent()
    {
        var pairs = (
            from first in GoldenMessages.Traffic
            from second in GoldenMessages.Traffic
            where first.Version == second.Version && first.Message.Headers.TextOf("id") == second.Message.Headers.TextOf("id")
                && second.Message.Headers["retries"].AsLong() == first.Message.Headers["retries"].AsLong() + 1
            select (first, second)).ToList();
        Assert.True(pairs.Count >= 9, $"{pairs.Count} pairs");
        foreach (var (first, second) in pairs)
        {
            var python = Read(second.Message);
            var ours = TaskMessageCodec.EncodeRetry(Read(first.Message), python.Retries, python.Eta, "w@host");
            // Python writes the task's own id as its parent, and 5.2 the worker as origin: both lose what was known.
            string[] onPurpose = ["parent_id", "origin"];
            Assert.Equal(
                second.Message.Headers.Where(header => !onPurpose.Contains(header.Key)).OrderBy(header => header.Key, StringComparer.Ordinal),
                ours.Headers.Where(header => !onPurpose.Contains(header.Key)).OrderBy(header => header.Key, StringComparer.Ordinal));
            Assert.Equal(first.Message.Headers["parent_id"], ours.Headers["parent_id"]);
            Assert.Equal(first.Message.Headers["origin"], ours.Headers["origin"]);
            Assert.True(System.Text.Json.Nodes.JsonNode.DeepEquals(JsonOf(second.Message), JsonOf(ours)));
            Assert.Equal((second.Message.CorrelationId, second.Message.ReplyTo, second.Message.Priority ?? 0), (ours.CorrelationId, ours.ReplyTo, ours.Priority ?? 0));
        }
    }

    private static System.Text.Json.Nodes.JsonNode? JsonOf(Message message) => System.Text.Json.Nodes.JsonNode.Parse(Read(message).Body.Span);

    [Fact]
    public void The_first_origin_and_the_parent_stay()
    {
        var retry = Read(TaskMessageCodec.EncodeRetry(Read(With(GoodBody, ("origin", "gen1@a"), ("parent_id", "p"))), 1, null, "w@host"));
        Assert.Equal(("gen1@a", "p", 1), (retry.Origin, retry.ParentId, retry.Retries));
        Assert.Equal("w@host", Read(TaskMessageCodec.EncodeRetry(Read(With()), 1, null, "w@host")).Origin);
    }
}
