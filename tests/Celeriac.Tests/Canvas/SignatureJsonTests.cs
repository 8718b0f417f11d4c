using System.Text;
using System.Text.Json;
using Celeriac.Canvas;
using Celeriac.Protocol;
using Celeriac.Tests.Protocol;

namespace Celeriac.Tests.Canvas;

/// <summary>Signatures in Celery's dictionary form, against what Python has written.</summary>
public sealed class SignatureJsonTests
{
    [Fact]
    public void Every_recorded_signature_is_written_as_it_was_read()
    {
        var signatures = GoldenMessages.All.Concat(GoldenMessages.Traffic).Where(golden => golden.Message.ContentType == "application/json" && golden.Message.Body.Span[0] is (byte)'[' or (byte)'{').SelectMany(SignaturesOf).ToList();
        Assert.True(signatures.Count > 60, $"only {signatures.Count}");
        foreach (var signature in signatures)
        {
            Assert.Equal(Compact(signature), Compact(Signature.FromJson(signature).ToJson()));
        }
    }

    [Theory]
    [InlineData("5.2.6")]
    [InlineData("5.6")]
    public void A_chain_is_written_as_Python_writes_it(string version)
    {
        Signature chain = new Signature("proj.add").WithArgs(1, 2) | new Signature("proj.mul").WithArgs(3) | new Signature("proj.add").WithArgs(4);
        var plan = new Planning(keepsBodies: false);
        plan.Add(new Freezing(place => place) { ReplyTo = "reply" }.Freeze(chain));
        var sent = Assert.Single(plan.Tasks);
        var body = TaskMessageCodec.Encode(sent, new EncodeContext("first", "first", null, "me", null, null, "reply")).Body;
        Assert.Equal(Anonymous(GoldenMessages.Find(version, "chain3").Message.Body), Anonymous(body));
    }

    [Theory]
    [InlineData("5.2.6")]
    [InlineData("5.6")]
    public void Links_are_written_as_Python_writes_them(string version)
    {
        var signature = new Signature("proj.add").WithArgs(2, 2).Link(new Signature("proj.mul").WithArgs(3)).LinkError(new Signature("proj.eb")).LinkError(new Signature("proj.eb_old"));
        var body = TaskMessageCodec.Encode(signature, new EncodeContext("first", "first", null, "me", null, null, "reply")).Body;
        Assert.Equal(Anonymous(GoldenMessages.Find(version, "link").Message.Body), Anonymous(body));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("[ ]")]
    [InlineData("""[{"task":"x"}]""")]
    public void The_rest_of_a_chain_grows_also_where_Python_has_left_an_empty_one(string rest)
    {
        var grown = SignatureJson.Append(Encoding.UTF8.GetBytes(rest), [new Signature("a"), new Signature("b")]);
        Assert.Equal(rest.Length > 3 ? ["x", "a", "b"] : ["a", "b"], SignatureReader.ReadArray(grown).Select(task => task.Task));
    }

    [Fact]
    public void Every_option_survives_the_way_there_and_back()
    {
        var options = new SendOptions
        {
            Queue = "q",
            Exchange = "e",
            RoutingKey = "k",
            Priority = 3,
            Countdown = TimeSpan.FromSeconds(1.5),
            Eta = DateTimeOffset.UnixEpoch,
            Expires = DateTimeOffset.UnixEpoch,
            TimeLimit = TimeSpan.FromSeconds(30),
            SoftTimeLimit = TimeSpan.FromSeconds(20),
            IgnoreResult = true,
            Shadow = "s",
            Serializer = "json",
            Compression = "gzip",
            ArgsRepr = "a",
            KwargsRepr = "k",
            Headers = new([new("x", 1)]),
            Stamps = new([new("customer", "acme")]),
            TaskId = "t",
            ReplyTo = "r",
            GroupId = "g",
            GroupIndex = 0,
            RootId = "o",
            ParentId = "p",
        };
        var json = new Signature("a") { Options = options }.ToJson();
        var read = Signature.FromJson(json);
        Assert.Equal(options, read.Options with { Wire = [] });
        Assert.Equal(json, read.ToJson());
    }

    [Theory]
    [InlineData("""{"task":"a","args":[],"kwargs":{},"options":{"new":{"x":[1]},"priority":"high","expires":60.5,"chord":null},"subtask_type":null,"immutable":false}""")]
    [InlineData("""{"task":"celery.map","args":[],"kwargs":{"task":{"task":"a"},"it":[1,2]},"options":{},"subtask_type":"xmap","immutable":true}""")]
    [InlineData("""{"task":"celery.chord","args":[],"kwargs":{"kwargs":{"y":1},"header":[{"task":"a","args":[],"kwargs":{},"options":{},"subtask_type":null,"immutable":false}],"body":{"task":"b","args":[],"kwargs":{},"options":{},"subtask_type":null,"immutable":false}},"options":{},"subtask_type":"chord","immutable":false}""")]
    public void What_is_unknown_is_kept(string json) => Assert.Equal(json, Signature.FromJson(json).ToJson());

    [Theory]
    [InlineData("5")]
    [InlineData("{}")]
    [InlineData("""{"task":"a"} x""")]
    [InlineData("""{"task":5}""")]
    [InlineData("""{"task":"a","args":{}}""")]
    [InlineData("""{"task":"a","kwargs":{"tasks":[5]},"subtask_type":"chain"}""")]
    public void What_is_no_signature_is_refused(string json) => Assert.ThrowsAny<JsonException>(() => Signature.FromJson(json));

    private static IEnumerable<string> SignaturesOf(GoldenMessage golden)
    {
        using var body = JsonDocument.Parse(Encoding.UTF8.GetString(golden.Message.Body.Span).Replace("NaN", "0", StringComparison.Ordinal), new JsonDocumentOptions { MaxDepth = 200 });
        return [.. Find(body.RootElement)];
    }

    private static IEnumerable<string> Find(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Find),
        JsonValueKind.Object when element.TryGetProperty("subtask_type", out _) => [element.GetRawText()],
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => Find(member.Value)),
        _ => [],
    };

    private static string Compact(string json) => JsonSerializer.Serialize(JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 200 }).RootElement);

    /// <summary>Without ids and white space.</summary>
    private static string Anonymous(ReadOnlyMemory<byte> json) =>
        System.Text.RegularExpressions.Regex.Replace(Compact(Encoding.UTF8.GetString(json.Span)), "\"(task_id|reply_to)\":\"[^\"]*\"", "\"$1\":\"\"");
}
