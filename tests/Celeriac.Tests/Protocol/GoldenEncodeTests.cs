using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Tests.Protocol;

/// <summary>Every call that Python made in the recordings, made again from C#, ids and times aside.</summary>
public sealed class GoldenEncodeTests
{
    private static readonly string[] s_unreadable = ["msgpack", "pickle", "protocol1", "compression bz2"];

    /// <summary>What differs on purpose, and why.</summary>
    private static readonly Dictionary<string, string> s_onPurpose = new(StringComparer.Ordinal)
    {
        ["lang"] = "ours is cs",
        ["origin"] = "each client has a name of its own",
        ["id"] = "an id",
        ["root_id"] = "an id",
        ["parent_id"] = "an id",
        ["group"] = "an id",
        ["eta"] = "a time; Python writes a naive one without offset, ours always has one",
        ["expires"] = "a time",
        ["retries"] = "a retry is no call: RetryTests compares those",
        ["replaced_task_nesting"] = "counted by replace, which is canvas (Celery 5.4 and later)",
        ["ignore_result"] = "Python says false where nothing was said, ours null, which leaves it to the task",
    };

    /// <summary>Headers that Celery 5.2 did not have.</summary>
    private static readonly string[] s_since53 = ["stamped_headers", "stamps", "replaced_task_nesting"];

    public static TheoryData<string, string, int> Calls =>
        [.. GoldenMessages.All.Concat(GoldenMessages.Traffic).Where(golden => !s_unreadable.Contains(golden.Title)).Select(golden => (golden.Version, golden.Title, golden.Index))];

    [Theory]
    [MemberData(nameof(Calls))]
    public void An_equal_call_is_the_same_message_as_Pythons(string version, string title, int index)
    {
        var golden = GoldenMessages.Find(version, title, index).Message;
        var request = Decode(golden);
        var ours = Encode(golden, request, title);
        Assert.Equal(Normalized(golden, version, title), Normalized(ours, version, title));
        Assert.Equal((golden.ContentType, golden.ContentEncoding, golden.Persistent), (ours.ContentType, ours.ContentEncoding, ours.Persistent));
        // Python leaves it out for chord_unlock, and null is 0 to every broker.
        Assert.Equal(golden.Priority ?? 0, ours.Priority);
        Assert.Equal((request.CorrelationId, request.ReplyTo), (ours.CorrelationId, ours.ReplyTo));
        Assert.Null(ours.Expiration);
        AssertTimes(request, Decode(ours));
        AssertBody(request, Decode(ours));
    }

    [Theory]
    [InlineData("5.2.6")]
    [InlineData("5.6")]
    public void Yaml_is_Pythons_to_the_byte(string version)
    {
        var golden = GoldenMessages.Find(version, "yaml").Message;
        Assert.Equal(golden.Body.ToArray(), Encode(golden, Decode(golden), "yaml").Body.ToArray());
    }

    private static TaskContents Contents { get; } = TaskContents.Of(new CeleriacOptions { AcceptContent = ["json", "yaml"], Formats = { YamlContent.Format } });

    private static TaskRequest Decode(Message message)
    {
        var decoded = TaskMessageCodec.Decode(message, new DecodeLimits { Contents = Contents.Accepted });
        Assert.Null(decoded.Fault);
        return decoded.Request!;
    }

    private static Message Encode(Message golden, TaskRequest request, string title)
    {
        var stamps = golden.Headers["stamps"];
        var signature = new Signature(request.Task)
        {
            Args = request.Body.Slice(request.Args.Start, request.Args.Length),
            Kwargs = request.Body.Slice(request.Kwargs.Start, request.Kwargs.Length),
            Options = new SendOptions
            {
                TimeLimit = request.TimeLimit,
                SoftTimeLimit = request.SoftTimeLimit,
                Priority = golden.Priority,
                Shadow = request.Shadow,
                IgnoreResult = request.IgnoreResult,
                GroupId = request.GroupId,
                GroupIndex = request.GroupIndex,
                Serializer = title == "yaml" ? "yaml" : null,
                Compression = golden.Headers.TextOf("compression"),
                Stamps = stamps.Kind == HeaderKind.Map && stamps.AsMap().Count > 0 ? stamps.AsMap() : null,
                Headers = new MessageHeaders(golden.Headers.Where(header => !TaskHeader.IsReserved(header.Key))),
            },
        };
        var context = new EncodeContext(request.Id, request.RootId!, request.ParentId, "gen1@host", request.Eta, request.Expires, request.ReplyTo);
        return TaskMessageCodec.Encode(signature, context, Contents);
    }

    private static SortedDictionary<string, string> Normalized(Message message, string version, string title)
    {
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in message.Headers)
        {
            // What Python prints of a date or UUID cannot be known from the text that it became.
            var isRepr = name is "argsrepr" or "kwargsrepr" && (title.StartsWith("types", StringComparison.Ordinal) || value.ToString().Contains('<', StringComparison.Ordinal));
            if (!s_onPurpose.ContainsKey(name) && !isRepr && !(version.StartsWith("5.2.6", StringComparison.Ordinal) && s_since53.Contains(name)))
            {
                headers[name] = name == "stamped_headers" && value.Kind == HeaderKind.List
                    ? string.Join(' ', value.AsList().Select(item => item.AsText()).Order(StringComparer.Ordinal))
                    // A tuple among the arguments was a list once it was JSON.
                    : $"{value.Kind} {value}".Replace(",)", ")", StringComparison.Ordinal).Replace('(', '[').Replace(')', ']');
            }
        }
        return headers;
    }

    /// <summary>Times travel with six digits, which is what Python's have.</summary>
    private static void AssertTimes(TaskRequest python, TaskRequest ours)
    {
        Assert.Equal((python.Eta, python.Expires), (ours.Eta, ours.Expires));
        Assert.Equal((python.Id, python.RootId, python.ParentId, python.GroupId, python.IgnoreResult), (ours.Id, ours.RootId, ours.ParentId, ours.GroupId, ours.IgnoreResult));
    }

    private static void AssertBody(TaskRequest python, TaskRequest ours)
    {
        var (theirs, own) = (JsonNode.Parse(python.Body.Span)!, JsonNode.Parse(ours.Body.Span)!);
        Assert.True(JsonNode.DeepEquals(theirs[0], own[0]) && JsonNode.DeepEquals(theirs[1], own[1]), Encoding.UTF8.GetString(ours.Body.Span));
        Assert.Equal(["callbacks", "chain", "chord", "errbacks"], own[2]!.AsObject().Select(member => member.Key).Order(StringComparer.Ordinal));
        // What a message carries for what comes after it is canvas: a plain call has none, which Python writes as null, or [] at the end of a chain.
        if (python.Callbacks.Length + python.Errbacks.Length + python.Chain.Length + python.Chord.Length == 0)
        {
            Assert.All(theirs[2]!.AsObject(), member => Assert.True(member.Value is null or JsonArray { Count: 0 }, member.Key));
        }
    }
}
