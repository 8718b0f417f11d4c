using System.Text;
using Celeriac.Messaging;
using Celeriac.Messaging.Compression;
using Celeriac.Protocol;
using static Celeriac.Tests.Protocol.TestMessages;

namespace Celeriac.Tests.Protocol;

/// <summary>Protocol 1, where the body is an object with everything, and the form between the protocols, where it holds the arguments.</summary>
public sealed class ProtocolOneTests
{
    private const string Everything = """
        {"task": "proj.add", "id": "id-9", "args": [2, "NaN é"], "kwargs": {"y": 3}, "group": null, "taskset": "g-1", "group_index": 2, "retries": 1,
         "eta": "2030-01-02T03:04:05", "expires": "2030-01-03T00:00:00+02:00", "utc": true, "timelimit": [30, 20.5],
         "callbacks": [{"task": "a"}], "errbacks": [{"task": "b"}], "chord": {"task": "c"}}
        """;

    [Fact]
    public void Everything_in_the_object_is_read()
    {
        var request = Read(Object(Everything));
        Assert.Equal(("proj.add", "id-9", 1, "g-1", 2), (request.Task, request.Id, request.Retries, request.GroupId, request.GroupIndex));
        Assert.Equal(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero), request.Eta);
        Assert.Equal(new DateTimeOffset(2030, 1, 2, 22, 0, 0, TimeSpan.Zero), request.Expires);
        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(20.5)), (request.TimeLimit, request.SoftTimeLimit));
        Assert.Equal(("[2, \"NaN é\"]", "{\"y\": 3}"), (Text(request, request.Args), Text(request, request.Kwargs)));
        Assert.Equal(("[{\"task\": \"a\"}]", "[{\"task\": \"b\"}]", "{\"task\": \"c\"}"), (Text(request, request.Callbacks), Text(request, request.Errbacks), Text(request, request.Chord)));
        Assert.Equal(0, request.Chain.Length);
        Assert.Equal(("(2, 'NaN é')", "{'y': 3}"), (request.ArgsRepr, request.KwargsRepr));
        Assert.Equal(("corr", "replies"), (request.CorrelationId, request.ReplyTo));
    }

    [Theory]
    [InlineData("5.2.6")]
    [InlineData("5.6")]
    public void Pythons_message_of_protocol_1_is_read(string version)
    {
        var message = GoldenMessages.Find(version, "protocol1").Message;
        var request = Read(message);
        Assert.Equal(("proj.add", message.CorrelationId, message.ReplyTo), (request.Task, request.Id, request.ReplyTo));
        Assert.Equal(("[2, 2]", "{}"), (Text(request, request.Args), Text(request, request.Kwargs)));
        Assert.Equal(TimeSpan.FromSeconds(55), request.Expires - request.Eta);
        Assert.Null(request.TimeLimit);
    }

    [Fact]
    public void A_retry_goes_out_as_protocol_2()
    {
        var message = Object(Everything) with { Headers = new MessageHeaders([new("x-tenant", "acme")]) };
        var retry = TaskMessageCodec.EncodeRetry(Read(message), 2, null, "w@host");
        Assert.StartsWith("[[2,", Encoding.UTF8.GetString(retry.Body.Span), StringComparison.Ordinal);
        Assert.Equal(("proj.add", "id-9", "acme", "w@host", 2), (retry.Headers.TextOf("task"), retry.Headers.TextOf("id"), retry.Headers.TextOf("x-tenant"), retry.Headers.TextOf("origin"), (int)retry.Headers["retries"].AsLong()));
        Assert.False(retry.Headers.Has("taskset") || retry.Headers.Has("utc"));
        var again = Read(retry);
        var first = Read(message);
        Assert.Equal(first with { Message = again.Message, Body = again.Body, Retries = 2, Eta = null, Origin = "w@host" }, again);
    }

    [Fact]
    public void The_least_that_names_a_task_is_enough()
    {
        var request = Read(Object("""{"task": "t", "id": "i"}"""));
        Assert.Equal(("[]", "{}", 0), (Text(request, request.Args), Text(request, request.Kwargs), request.Retries));
    }

    [Fact]
    public void Headers_with_the_arguments_in_an_object_are_read_and_the_headers_win()
    {
        var request = Read(With("""{"task": "other", "id": "other", "args": [1], "kwargs": {}, "retries": 4, "chain": [{"task": "next"}]}""", ("retries", HeaderValue.Null), ("x-own", 1)));
        Assert.Equal(("math.add", "id-1", 4), (request.Task, request.Id, request.Retries));
        Assert.Equal("[{\"task\": \"next\"}]", Text(request, request.Chain));
        Assert.Equal(1, request.Message.Headers["x-own"].AsLong());
    }

    [Fact]
    public void A_compressed_object_is_plain_when_it_is_sent_again()
    {
        var body = Compressor.Zlib.Compress(Encoding.UTF8.GetBytes("""{"args": [7], "kwargs": {}}"""));
        var request = Read(With("", ("compression", "application/x-gzip")) with { Body = body });
        Assert.Equal("[7]", Text(request, request.Args));
        var retry = TaskMessageCodec.EncodeRetry(request, 1, null, "w@host");
        Assert.False(retry.Headers.Has("compression"));
        Assert.Equal("[7]", Text(Read(retry), Read(retry).Args));
    }

    [Fact]
    public void Python_tokens_are_read_in_an_object_too()
    {
        var request = Read(Object("""{"task": "t", "id": "i", "args": [NaN, -Infinity], "kwargs": {}}"""));
        Assert.Equal("[\"NaN\", \"-Infinity\"]", Text(request, request.Args));
    }

    [Theory]
    [InlineData("""{"args": [], "kwargs": {}}""", QuarantineReason.NotATask, "names no task")]
    [InlineData("""{"task": null, "id": "i"}""", QuarantineReason.NotATask, "names no task")]
    [InlineData("""{"task": "t", "args": []}""", QuarantineReason.NotATask, "'id'")]
    [InlineData("""{"task": 5, "id": "i"}""", QuarantineReason.MalformedHeaders, "'task'")]
    [InlineData("""{"task": "t", "id": ["i"]}""", QuarantineReason.MalformedHeaders, "'id'")]
    [InlineData("""{"task": "t", "id": "i", "eta": "soon"}""", QuarantineReason.MalformedHeaders, "'eta'")]
    [InlineData("""{"task": "t", "id": "i", "eta": {}}""", QuarantineReason.MalformedHeaders, "'eta'")]
    [InlineData("""{"task": "t", "id": "i", "timelimit": [1]}""", QuarantineReason.MalformedHeaders, "'timelimit'")]
    [InlineData("""{"task": "t", "id": "i", "timelimit": [1, [2], {"a": [3]}, 4, 5]}""", QuarantineReason.MalformedHeaders, "'timelimit'")]
    [InlineData("""{"task": "t", "id": "i", "args": null}""", QuarantineReason.MalformedBody, "args")]
    [InlineData("""{"task": "t", "id": "i", "kwargs": null}""", QuarantineReason.MalformedBody, "kwargs")]
    [InlineData("""{"task": "t", "id": "i", "callbacks": "a"}""", QuarantineReason.MalformedBody, "callbacks")]
    [InlineData("""{"task": "t", "id": "i"} x""", QuarantineReason.MalformedBody, "not JSON")]
    [InlineData("""{"task": "t", "id": "i" """, QuarantineReason.MalformedBody, "not JSON")]
    [InlineData("[[], {}, {}]", QuarantineReason.NotATask, "names no task")]
    [InlineData("null", QuarantineReason.NotATask, "names no task")]
    public void What_is_wrong_is_said(string body, QuarantineReason reason, string named)
    {
        var fault = Fault(Object(body));
        Assert.Equal(reason, fault.Reason);
        Assert.Contains(named, fault.Text, StringComparison.Ordinal);
        Assert.Equal("replies", fault.ReplyTo);
    }

    [Fact]
    public void A_caller_can_be_told_where_the_object_named_its_task()
    {
        var fault = Fault(Object("""{"task": "t", "id": "i", "kwargs": []}"""));
        Assert.Equal(("t", "i"), (fault.TaskName, fault.TaskId));
    }

    [Theory]
    [InlineData(65, true)]
    [InlineData(66, false)]
    [InlineData(100_000, false)]
    public void Depth_is_bounded(int depth, bool isRead)
    {
        var decoded = TaskMessageCodec.Decode(Object($"{{\"task\": \"t\", \"id\": \"i\", \"args\": {new string('[', depth)}{new string(']', depth)}}}"), DecodeLimits.Default);
        Assert.Equal(isRead ? null : QuarantineReason.TooDeep, decoded.Fault?.Reason);
    }

    [Fact]
    public void An_object_with_some_bytes_changed_never_makes_an_exception()
    {
        var random = new Random(4);
        var alphabet = "[]{},:\"\\u0NaInfty-+.e1 \0\xff"u8.ToArray();
        for (var round = 0; round < 5_000; round++)
        {
            var body = Encoding.UTF8.GetBytes(Everything);
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                body[random.Next(body.Length)] = alphabet[random.Next(alphabet.Length)];
            }
            var decoded = TaskMessageCodec.Decode(Object("") with { Body = body }, DecodeLimits.Default);
            Assert.True(decoded.Request is null != decoded.Fault is null);
        }
    }

    private static Message Object(string body) => With(body) with { Headers = MessageHeaders.Empty, CorrelationId = "corr" };

    private static string Text(TaskRequest request, JsonSlice slice) => Encoding.UTF8.GetString(request.Body.Span.Slice(slice.Start, slice.Length));
}
