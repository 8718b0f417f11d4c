using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    // By name, because a header value is no argument that a test runner can show.
    private static readonly Dictionary<string, HeaderValue> HeaderValues = new()
    {
        ["null"] = HeaderValue.Null,
        ["true"] = true,
        ["false"] = false,
        ["zero"] = 0L,
        ["minus one"] = -1L,
        ["largest byte and one"] = 256L,
        ["largest int and one"] = (long)int.MaxValue + 1,
        ["largest integer"] = long.MaxValue,
        ["smallest integer"] = long.MinValue,
        ["a whole double"] = 2.0,
        ["a double that decimals cannot write"] = 0.1 + 0.2,
        ["smallest double"] = double.Epsilon,
        ["largest double"] = double.MaxValue,
        ["minus zero"] = -0.0,
        ["not a number"] = double.NaN,
        ["infinity"] = double.PositiveInfinity,
        ["empty text"] = "",
        ["text that looks like a number"] = "42",
        ["text that looks like true"] = "true",
        ["text that looks like null"] = "null",
        ["text with line ends, colons and backslashes"] = "a: b\r\nc\\n:\\c\t\0end",
        ["text in other scripts"] = "sellerie rémoulade, セロリ, כרפס, 🥬",
        ["text of 100,000 letters"] = new string('x', 100_000),
        ["empty bytes"] = Array.Empty<byte>(),
        ["every byte"] = Enumerable.Range(0, 256).Select(value => (byte)value).ToArray(),
        ["empty list"] = HeaderValue.From(Array.Empty<HeaderValue>()),
        ["mixed list"] = HeaderValue.From([HeaderValue.Null, true, 1L, 1.0, "1", new byte[] { 1 }, HeaderValue.From([2L])]),
        ["empty map"] = HeaderValue.From(MessageHeaders.Empty),
        ["map of maps"] = Nested(8),
    };

    private static HeaderValue Nested(int depth) =>
        depth == 0 ? "bottom" : HeaderValue.From(new MessageHeaders([new("list", HeaderValue.From([depth, "x"])), new("deeper", Nested(depth - 1))]));

    public static TheoryData<string> HeaderNames => [.. HeaderValues.Keys];

    [Theory(Timeout = Limit)]
    [MemberData(nameof(HeaderNames))]
    public async Task A_header_keeps_its_type_and_value(string value)
    {
        var headers = MessageHeaders.Empty.With("header", HeaderValues[value]);
        if (Harness.Network is not null && HeaderValues[value] is { Kind: HeaderKind.Double } number && !double.IsFinite(number.AsDouble()))
        {
            // Not every server has such numbers: what it cannot carry must be refused by the header's name, or arrive.
            var refusal = await Record.ExceptionAsync(() => RoundTripAsync(TextMessage("typed") with { Headers = headers }));
            Assert.True(refusal is null || (refusal is TransportRefusedException && refusal.Message.Contains("'header'", StringComparison.Ordinal)), $"{refusal}");
            return;
        }
        var received = (await RoundTripAsync(TextMessage("typed") with { Headers = headers })).Headers;
        Assert.True(received.Contains("header"));
        Assert.Equal(HeaderValues[value], received["header"]);
    }

    [Theory(Timeout = Limit)]
    [InlineData("UPPER and lower")]
    [InlineData("colon:and\\backslash")]
    [InlineData("line\nend")]
    [InlineData("セロリ🥬")]
    [InlineData("content-type")]
    [InlineData("message-id")]
    [InlineData("destination")]
    public async Task A_header_s_name_may_be(string name)
    {
        var received = await RoundTripAsync(TextMessage("named") with { Headers = MessageHeaders.Empty.With(name, "value") });
        Assert.Equal(MessageHeaders.Empty.With(name, "value"), received.Headers);
        Assert.Equal("text/plain", received.ContentType);
    }

    [Fact(Timeout = Limit)]
    public async Task Names_that_differ_in_case_are_two_headers()
    {
        var headers = MessageHeaders.Empty.With("Name", "1").With("name", "2");
        Assert.Equal(headers, (await RoundTripAsync(TextMessage("cased") with { Headers = headers })).Headers);
    }

    [Fact(Timeout = Limit)]
    public async Task Two_hundred_headers_arrive_and_no_other()
    {
        var headers = new MessageHeaders(Enumerable.Range(0, 200).Select(number => KeyValuePair.Create($"header-{number}", (HeaderValue)number)));
        Assert.Equal(headers, (await RoundTripAsync(TextMessage("many") with { Headers = headers })).Headers);
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_without_headers_arrives_without_headers() =>
        Assert.Empty((await RoundTripAsync(TextMessage("none"))).Headers);
}
