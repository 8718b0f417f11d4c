using System.Text;
using Celeriac.Events;
using Celeriac.Messaging;

namespace Celeriac.Tests.Events;

public sealed class EventDecoderTests
{
    private readonly LogicalClock _clock = new();
    private readonly EventDecoder _decoder;

    public EventDecoderTests() => _decoder = new EventDecoder(_clock, TimeProvider.System);

    [Theory]
    [InlineData("5.2.6", 301)]
    [InlineData("5.6", 154)]
    public void Every_event_of_Python_is_read(string version, int messages)
    {
        Assert.Equal(messages, GoldenEvents.Messages(version).Count());
        var events = GoldenEvents.Messages(version).SelectMany(golden => _decoder.Decode(golden.Message)).ToList();
        Assert.Equal(0, _decoder.Malformed);
        Assert.True(events.Count >= messages);
        Assert.All(events, happened =>
        {
            Assert.Equal("w@host", happened.Hostname);
            Assert.True(happened.ProcessId > 1);
            Assert.InRange((happened.Timestamp - DateTimeOffset.UnixEpoch).TotalSeconds - happened.Number("timestamp")!.Value, -0.00001, 0.00001);
            Assert.Equal(happened.Group == "task", happened.TaskId is not null);
        });
        Assert.True(_clock.Now > events.Max(happened => happened.Clock));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{"type":null}""")]
    [InlineData("""{"type":7}""")]
    [InlineData("""{"type":""}""")]
    [InlineData("""{"\ud800":1,"type":"a-b"}""")]
    [InlineData("[[[]]]")]
    public void What_is_malformed_is_counted_and_left_out(string body)
    {
        Assert.Empty(Decode(body));
        Assert.Equal(1, _decoder.Malformed);
    }

    [Fact]
    public void What_nests_too_deep_is_malformed()
    {
        Assert.Empty(Decode(new string('[', 5_000)));
        Assert.Equal(1, _decoder.Malformed);
    }

    [Fact]
    public void One_malformed_event_does_not_cost_the_others()
    {
        var events = Decode("""[{"type":"a-b"},null,{"type":"c-d"}]""");
        Assert.Equal(["a-b", "c-d"], events.Select(happened => happened.Type));
        Assert.Equal(1, _decoder.Malformed);
    }

    [Theory]
    [InlineData("""{"type":"task-started","clock":"x","timestamp":"y","utcoffset":{},"pid":-1,"hostname":7,"uuid":[]}""")]
    [InlineData("""{"type":"task-started","clock":1e300,"timestamp":1e300,"utcoffset":99,"pid":1e300}""")]
    [InlineData("""{"type":"task-started","clock":NaN,"timestamp":-Infinity}""")]
    [InlineData("""{"type":"task-started","timestamp":"\udc80"}""")]
    public void Fields_of_a_wrong_kind_count_as_absent(string body)
    {
        var happened = Assert.Single(Decode(body));
        Assert.Equal(("task-started", "", null, null), (happened.Type, happened.Hostname, happened.TaskId, happened.ProcessId));
        Assert.Equal(happened.ReceivedAt, happened.Timestamp);
    }

    [Fact]
    public void Half_a_surrogate_pair_in_a_text_does_no_harm() =>
        Assert.Equal("a\uFFFDb", Assert.Single(Decode("""{"type":"x-y","text":"a\udc80b"}""")).Text("text"));

    [Fact]
    public void The_clock_jumps_over_the_senders_but_not_over_a_clients()
    {
        Decode("""{"type":"task-sent","clock":1000}""");
        Assert.Equal(1, _clock.Now);
        Assert.Equal(41, Assert.Single(Decode("""{"type":"task-started","clock":41}""")).Clock);
        Assert.Equal(42, _clock.Now);
    }

    [Fact]
    public void The_time_is_the_moment_with_the_senders_zone()
    {
        // Berlin in summer: two hours east.
        var happened = Assert.Single(Decode("""{"type":"a-b","timestamp":1795326265.25,"utcoffset":-2}"""));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1795326265250), happened.Timestamp);
        Assert.Equal(TimeSpan.FromHours(2), happened.Timestamp.Offset);
    }

    private IReadOnlyList<CeleryEvent> Decode(string body) => _decoder.Decode(new Message { Body = Encoding.UTF8.GetBytes(body) });
}
