using System.Text;
using System.Text.Json;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Tests.Protocol;

public sealed class GoldenDecodeTests
{
    /// <summary>What no option makes readable, or is no json of protocol 2 and has facts of its own.</summary>
    private static readonly string[] s_others = ["yaml", "msgpack", "pickle", "protocol1", "compression bz2"];

    public static TheoryData<string, string, int> Readable =>
        [.. GoldenMessages.All.Where(golden => !s_others.Contains(golden.Title)).Concat(GoldenMessages.Traffic).Select(golden => (golden.Version, golden.Title, golden.Index))];

    public static TheoryData<string> Versions => ["5.2.6", "5.6"];

    [Fact]
    public void Both_recordings_are_complete()
    {
        Assert.Equal(35, GoldenMessages.All.Count(golden => golden.Version == "5.2.6"));
        Assert.Equal(38, GoldenMessages.All.Count(golden => golden.Version == "5.6"));
        Assert.Equal(155, GoldenMessages.Traffic.Count);
    }

    [Theory]
    [MemberData(nameof(Readable))]
    public void Every_json_message_of_protocol_2_is_read(string version, string title, int index)
    {
        var message = GoldenMessages.Find(version, title, index).Message;
        var decoded = TaskMessageCodec.Decode(message, DecodeLimits.Default);
        Assert.Null(decoded.Fault);
        var request = decoded.Request!;
        Assert.Equal(message.Headers.TextOf("id"), request.Id);
        Assert.Equal(message.Headers.TextOf("task"), request.Task);
        Assert.Equal(message.Headers.TextOf("root_id"), request.RootId);
        Assert.Equal(message.Headers.TextOf("group"), request.GroupId);
        Assert.Equal(message.Headers["group_index"].IsNull ? null : (int)message.Headers["group_index"].AsLong(), request.GroupIndex);
        Assert.Equal(message.ReplyTo, request.ReplyTo);
        Assert.Equal(message.CorrelationId, request.CorrelationId);
        Assert.Equal(message.Headers.TextOf("argsrepr"), request.ArgsRepr);
        Assert.Equal(message.Headers.Has("eta"), request.Eta is not null);
        Assert.Equal(message.Headers.Has("expires"), request.Expires is not null);
        Assert.Equal(message.Headers["retries"].AsLong(), request.Retries);
        AssertParts(request);
        AssertSignatures(request);
    }

    [Fact]
    public void Limits_shadow_and_flags_are_read_with_their_types()
    {
        foreach (var version in new[] { "5.2.6", "5.6" })
        {
            var request = Read(version, "limits prio shadow ignore");
            Assert.Equal(TimeSpan.FromSeconds(30), request.TimeLimit);
            Assert.Equal(TimeSpan.FromSeconds(20.5), request.SoftTimeLimit);
            Assert.Equal("alias", request.Shadow);
            Assert.True(request.IgnoreResult);
            Assert.Equal("acme", request.Message.Headers.TextOf("x-tenant"));
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Times_with_and_without_offset_are_read_as_utc(string version)
    {
        Assert.Equal(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero), Read(version, "eta aware").Eta);
        Assert.Equal(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(6780), Read(version, "eta naive").Eta);
        Assert.Equal(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero), Read(version, "expires dt").Expires);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void A_zlib_body_is_decompressed(string version)
    {
        var request = Read(version, "compression zlib");
        Assert.Equal("[2, 2]", Text(request, request.Args));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Python_bare_NaN_is_read(string version)
    {
        var request = Read(version, "types2");
        var args = JsonDocument.Parse(Text(request, request.Args)).RootElement;
        Assert.Equal("NaN", args[4].GetString());
        Assert.True(double.IsNaN(TaskJson.Decode<double>("\"NaN\""u8)));
    }

    [Theory]
    [InlineData("yaml", QuarantineReason.ContentRefused, "application/x-yaml")]
    [InlineData("msgpack", QuarantineReason.ContentRefused, "application/x-msgpack")]
    [InlineData("pickle", QuarantineReason.ContentRefused, "pickle")]
    [InlineData("compression bz2", QuarantineReason.MalformedBody, "application/x-bz2")]
    public void What_is_not_read_is_refused_by_name(string title, QuarantineReason reason, string named)
    {
        foreach (var golden in GoldenMessages.All.Where(golden => golden.Title == title))
        {
            var fault = TaskMessageCodec.Decode(golden.Message, DecodeLimits.Default).Fault!;
            Assert.Equal(reason, fault.Reason);
            Assert.Contains(named, fault.Text, StringComparison.Ordinal);
            Assert.Equal(golden.Message.Headers.TextOf("id"), fault.TaskId);
            Assert.Equal(golden.Message.ReplyTo, fault.ReplyTo);
            Assert.Equal(golden.Message.CorrelationId, fault.CorrelationId);
        }
    }

    [Fact]
    public void Headers_that_come_as_bytes_are_read_as_text()
    {
        var golden = GoldenMessages.Find("5.6", "chord");
        var asBytes = golden.Message with
        {
            Headers = new MessageHeaders(golden.Message.Headers.Select(header =>
                KeyValuePair.Create(header.Key, header.Value.Kind == HeaderKind.Text ? Encoding.UTF8.GetBytes(header.Value.AsText()) : header.Value))),
        };
        var request = TaskMessageCodec.Decode(asBytes, DecodeLimits.Default).Request!;
        var same = TaskMessageCodec.Decode(golden.Message, DecodeLimits.Default).Request!;
        Assert.Equal(same with { Message = asBytes }, request);
    }

    private static TaskRequest Read(string version, string title) => TaskMessageCodec.Decode(GoldenMessages.Find(version, title).Message, DecodeLimits.Default).Request!;

    private static string Text(TaskRequest request, JsonSlice slice) => Encoding.UTF8.GetString(request.Body.Span.Slice(slice.Start, slice.Length));

    private static void AssertSignatures(TaskRequest request)
    {
        using var body = JsonDocument.Parse(request.Body);
        foreach (var (name, slice) in new[] { ("callbacks", request.Callbacks), ("errbacks", request.Errbacks), ("chain", request.Chain), ("chord", request.Chord) })
        {
            var value = body.RootElement[2].GetProperty(name);
            var isNothing = value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0);
            Assert.Equal(isNothing ? "" : value.GetRawText(), Text(request, slice));
        }
    }

    private static void AssertParts(TaskRequest request)
    {
        using var body = JsonDocument.Parse(request.Body);
        Assert.Equal(body.RootElement[0].GetRawText(), Text(request, request.Args));
        Assert.Equal(body.RootElement[1].GetRawText(), Text(request, request.Kwargs));
        Assert.Equal(body.RootElement[2].GetRawText(), Text(request, request.Embed));
    }
}
