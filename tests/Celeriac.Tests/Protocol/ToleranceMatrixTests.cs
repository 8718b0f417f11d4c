using System.IO.Compression;
using System.Text;
using Celeriac.Messaging;
using Celeriac.Messaging.Compression;
using Celeriac.Protocol;
using static Celeriac.Tests.Protocol.TestMessages;

namespace Celeriac.Tests.Protocol;

/// <summary>
/// CELERY-PROTOCOL section 21 and the traps of section 1, line by line: what a Python worker runs runs here, and what it drops, rejects or dies of is a fault
/// in words, with the id where it could be read.
/// </summary>
public sealed class ToleranceMatrixTests
{
    /// <summary>One variation.</summary>
    /// <param name="Name">As in the matrix.</param>
    /// <param name="Message">The message.</param>
    /// <param name="Python">What Python does.</param>
    /// <param name="Reason">What we say; null where it runs.</param>
    /// <param name="Named">What the text of the fault names.</param>
    private sealed record Variation(string Name, Message Message, string Python, QuarantineReason? Reason = null, string Named = "");

    private static readonly Variation[] s_matrix =
    [
        new("task and id alone", Body("[[2, 2], {}, {}]"), "runs"),
        new("embed null", Body("[[2, 2], {}, null]"), "runs"),
        new("kwargs null", Body("[[2, 2], null, {}]"), "rejects, no result", QuarantineReason.MalformedBody, "kwargs"),
        new("args null", Body("[null, {}, {}]"), "fails with TypeError", QuarantineReason.MalformedBody, "args"),
        new("retries beyond 32 bits", With(GoodBody, ("retries", 1L << 33)), "runs"),
        new("lang cs", With(GoodBody, ("lang", "cs")), "runs"),
        new("nested custom header", With(GoodBody, ("x-own", HeaderValue.From(new MessageHeaders([new("a", List(1, List("b")))])))), "runs"),
        new("no content encoding", With() with { ContentEncoding = null }, "runs"),
        new("no content type", With() with { ContentType = null }, "dies", QuarantineReason.ContentRefused, "content type"),
        new("content type with a charset", With() with { ContentType = "application/json; charset=utf-8" }, "rejects, no result; harmless, so read here"),
        new("content type with another charset", With() with { ContentType = "application/json; charset=latin-1" }, "rejects, no result", QuarantineReason.ContentRefused, "UTF-8"),
        new("content encoding UTF-8", With() with { ContentEncoding = "UTF-8" }, "runs"),
        new("byte order mark", Body("\uFEFF[[2, 2], {}, {}]"), "drops", QuarantineReason.MalformedBody, "byte order mark"),
        new("eta with Z", Eta("2030-01-02T03:04:05Z"), "runs"),
        new("eta with 3 digits", Eta("2030-01-02T03:04:05.123+00:00"), "runs"),
        new("eta without offset", Eta("2030-01-02T03:04:05"), "runs"),
        new("eta with 7 digits", Eta("2030-01-02T03:04:05.1234567+00:00"), "5.2 rejects, 5.6 runs"),
        new("eta with 9 digits", Eta("2030-01-02T03:04:05.123456789Z"), "5.2 rejects, 5.6 runs"),
        new("eta garbage", Eta("soon"), "rejects", QuarantineReason.MalformedHeaders, "'eta' is 'soon'"),
        new("eta a number", With(GoodBody, ("eta", 5)), "rejects", QuarantineReason.MalformedHeaders, "'eta' is '5'"),
        new("eta of an impossible day", Eta("2030-02-30T00:00:00"), "rejects", QuarantineReason.MalformedHeaders, "'eta'"),
        new("expires garbage", With(GoodBody, ("expires", "never")), "rejects", QuarantineReason.MalformedHeaders, "'expires' is 'never'"),
        new("expires in the past", With(GoodBody, ("expires", "2001-01-02T03:04:05+00:00")), "REVOKED: admission's business"),
        new("timelimit with one element", With(GoodBody, ("timelimit", List(30))), "dies", QuarantineReason.MalformedHeaders, "[hard, soft]"),
        new("timelimit with three elements", With(GoodBody, ("timelimit", List(1, 2, 3))), "dies", QuarantineReason.MalformedHeaders, "[hard, soft]"),
        new("timelimit of text", With(GoodBody, ("timelimit", List("30", HeaderValue.Null))), "dies", QuarantineReason.MalformedHeaders, "[hard, soft]"),
        new("timelimit with floats", With(GoodBody, ("timelimit", List(30.5, 20.25))), "runs"),
        new("body with two elements", Body("[[2, 2], {}]"), "dies", QuarantineReason.MalformedBody, "2 elements"),
        new("body with four elements", Body("[[2, 2], {}, {}, {}]"), "dies", QuarantineReason.MalformedBody, "three"),
        new("body object with args", Body("""{"args": [2, 2], "kwargs": {}}"""), "runs"),
        new("body object without args", Body("""{"kwargs": {}}"""), "dies", QuarantineReason.MalformedBody, "without 'args'"),
        new("protocol 1", Body("""{"task": "t", "id": "i", "args": [2, 2], "kwargs": {}, "eta": null, "utc": true}""") with { Headers = MessageHeaders.Empty }, "runs"),
        new("pickle", With() with { ContentType = "application/x-python-serialize", ContentEncoding = "binary" }, "rejects, no result", QuarantineReason.ContentRefused, "pickle"),
        new("pickle's short name", With() with { ContentType = "pickle" }, "rejects, no result", QuarantineReason.ContentRefused, "pickle"),
        new("msgpack", With() with { ContentType = "application/x-msgpack", ContentEncoding = "binary" }, "rejects, no result", QuarantineReason.ContentRefused, "msgpack"),
        new("yaml that is not accepted", With() with { ContentType = "application/x-yaml" }, "rejects, no result", QuarantineReason.ContentRefused, "x-yaml"),
        new("broken JSON", Body("[[2, 2], {}, {"), "drops", QuarantineReason.MalformedBody, "not JSON"),
        new("empty body", Body(""), "drops", QuarantineReason.MalformedBody, "not JSON"),
        new("unknown compression", With(GoodBody, ("compression", "application/x-snappy")), "drops", QuarantineReason.MalformedBody, "x-snappy"),
        new("gzip under zlib's name", Compressed("application/x-gzip", Gzip()), "drops", QuarantineReason.MalformedBody, "zlib"),
        new("zlib", Compressed("application/x-gzip", Compressor.Zlib.Compress(Encoding.UTF8.GetBytes(GoodBody))), "runs"),
        new("zlib by its short name", Compressed("zlib", Compressor.Zlib.Compress(Encoding.UTF8.GetBytes(GoodBody))), "runs"),
        new("brotli", Compressed("application/x-brotli", Compressor.Brotli.Compress(Encoding.UTF8.GetBytes(GoodBody))), "runs where the library is"),
        new("unknown __type__", Body("""[[{"__type__": "money", "__value__": 1}], {}, {}]"""), "5.2 runs, 5.6 drops"),
        new("chain and callbacks empty", Body("""[[2, 2], {}, {"chain": [], "callbacks": []}]"""), "runs"),
        new("unknown embed key", Body("""[[2, 2], {}, {"later": 1}]"""), "runs"),
        new("callbacks that are no list", Body("""[[2, 2], {}, {"callbacks": 5}]"""), "fails after the run", QuarantineReason.MalformedBody, "callbacks"),
        new("ignore_result null", With(GoodBody, ("ignore_result", HeaderValue.Null)), "runs, result stored"),
        new("bare NaN and Infinity", Body("[[NaN, -Infinity, Infinity], {}, {}]"), "runs"),
        new("half a surrogate pair", Body("[[\"\\udc80\"], {\"\\ud83d\": 1}, {}]"), "runs"),
        new("an integer of 500 digits", Body($"[[{new string('9', 500)}], {{}}, {{}}]"), "runs"),
        new("group without chord", With(GoodBody, ("group", "g"), ("group_index", 0)), "runs"),
        new("no task", With(GoodBody, ("task", HeaderValue.Null)), "rejects", QuarantineReason.NotATask, "names no task"),
        new("no id", With(GoodBody, ("id", HeaderValue.Null)), "dies", QuarantineReason.NotATask, "'id'"),
        new("task a number", With(GoodBody, ("task", 5)), "rejects", QuarantineReason.MalformedHeaders, "'task'"),
        new("task with a line break", With(GoodBody, ("task", "a\nb")), "NotRegistered", QuarantineReason.MalformedHeaders, "'task'"),
        new("nested 10,000 deep", Body($"[{new string('[', 10_000)}{new string(']', 10_000)}, {{}}, {{}}]"), "RecursionError", QuarantineReason.TooDeep, "levels"),
    ];

    public static TheoryData<string> Names => [.. s_matrix.Select(variation => variation.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_variation_runs_or_is_a_fault_in_words(string name)
    {
        var (_, message, python, reason, named) = s_matrix.Single(variation => variation.Name == name);
        var decoded = TaskMessageCodec.Decode(message, DecodeLimits.Default);
        Assert.True(reason == decoded.Fault?.Reason, $"{name}: {decoded.Fault?.Text ?? "runs"} (Python: {python})");
        if (decoded.Fault is not { } fault)
        {
            Assert.True(decoded.Request!.Args.Length > 0 && decoded.Request.Id.Length > 0);
            return;
        }
        Assert.Contains(named, fault.Text, StringComparison.Ordinal);
        // What failed, and what to do about it.
        Assert.Matches("(Let the sender|Send less)", fault.Text);
        Assert.Equal(message.ReplyTo, fault.ReplyTo);
        Assert.Equal(name is "no id" ? null : "id-1", fault.TaskId);
    }

    /// <summary>Each of our own messages keeps the rules that keep a Python worker alive.</summary>
    [Fact]
    public void Nothing_that_kills_a_Python_worker_is_ever_sent()
    {
        var time = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)).AddTicks(1234567);
        var context = new EncodeContext("i", "i", null, "o", time, time, "r");
        foreach (var options in new[] { SendOptions.None, new SendOptions { TimeLimit = TimeSpan.FromSeconds(1) }, new SendOptions { SoftTimeLimit = TimeSpan.FromSeconds(1) }, new SendOptions { Compression = "gzip" } })
        {
            var message = TaskMessageCodec.Encode(new Signature("t") { Options = options }.WithArgs(double.NaN, "é"), context);
            Assert.Equal(("application/json", "utf-8"), (message.ContentType, message.ContentEncoding));
            Assert.Equal(2, message.Headers["timelimit"].AsList().Count);
            Assert.Matches(@"\A[0-9T:-]+\.[0-9]{6}\+00:00\z", message.Headers.TextOf("eta"));
            Assert.Matches(@"\A[0-9T:-]+\.[0-9]{6}\+00:00\z", message.Headers.TextOf("expires"));
            var body = Encoding.UTF8.GetString(options.Compression is null ? message.Body.Span : Compressor.Zlib.Decompress(message.Body, 1000));
            Assert.Equal("""[["NaN","\u00E9"],{},{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]""", body);
            Assert.Null(message.Expiration);
        }
    }

    private static Message Body(string body) => With(body);

    private static Message Eta(string eta) => With(GoodBody, ("eta", eta));

    private static Message Compressed(string method, byte[] body) => With("", ("compression", method)) with { Body = body };

    private static byte[] Gzip()
    {
        using var target = new MemoryStream();
        using (var stream = new GZipStream(target, CompressionLevel.Fastest))
        {
            stream.Write(Encoding.UTF8.GetBytes(GoodBody));
        }
        return target.ToArray();
    }
}
