using Celeriac.Messaging;
using Celeriac.Protocol;
using static Celeriac.Tests.Protocol.TestMessages;

namespace Celeriac.Tests.Protocol;

public sealed class HeaderTests
{
    public static TheoryData<string, HeaderValue> Malformed => new()
    {
        { "task", 5 },
        { "task", "" },
        { "task", "a\nb" },
        { "task", new string('x', 256) },
        { "id", "" },
        { "id", "a\0b" },
        { "id", List() },
        { "id", new byte[] { 0xff } },
        { "retries", -1 },
        { "retries", "1" },
        { "retries", 1.5 },
        { "retries", true },
        { "eta", "tomorrow" },
        { "eta", 5 },
        { "expires", "2030-13-01T00:00:00" },
        { "expires", false },
        { "timelimit", List(1) },
        { "timelimit", List(1, 2, 3) },
        { "timelimit", List("1", 2) },
        { "timelimit", List(-1, 2) },
        { "timelimit", List(double.NaN, 2) },
        { "timelimit", "[1, 2]" },
        { "group", 5 },
        { "group_index", -1 },
        { "group_index", 1L << 40 },
        { "group_index", "0" },
        { "root_id", 5 },
        { "parent_id", HeaderValue.From(MessageHeaders.Empty) },
        { "ignore_result", "yes" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void A_header_of_a_wrong_type_or_value_is_a_fault_that_names_it(string name, HeaderValue value)
    {
        var fault = Fault(With(GoodBody, (name, value)));
        Assert.Equal(QuarantineReason.MalformedHeaders, fault.Reason);
        Assert.Contains($"'{name}'", fault.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(fault.Text, char.IsControl);
        Assert.Equal(name == "id" ? null : "id-1", fault.TaskId);
    }

    [Theory]
    [InlineData("shadow")]
    [InlineData("origin")]
    [InlineData("argsrepr")]
    [InlineData("kwargsrepr")]
    [InlineData("lang")]
    public void A_header_that_only_humans_read_is_never_a_fault(string name) => Assert.NotNull(Read(With(GoodBody, (name, 5))));

    [Fact]
    public void Limits_may_be_whole_or_broken_and_zero_is_none()
    {
        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(20.5)), Limits(List(30, 20.5)));
        Assert.Equal((null, TimeSpan.FromSeconds(3)), Limits(List(HeaderValue.Null, 3)));
        Assert.Equal((null, null), Limits(List(0, 0.0)));
        Assert.Equal((TimeSpan.MaxValue, TimeSpan.MaxValue), Limits(List(double.PositiveInfinity, long.MaxValue)));
    }

    [Fact]
    public void More_retries_than_we_can_count_still_leave_room_for_one_more() =>
        Assert.True(Read(With(GoodBody, ("retries", 1L << 33))).Retries + 1 > 0);

    [Fact]
    public void A_nested_header_of_the_senders_own_is_kept()
    {
        var own = HeaderValue.From(new MessageHeaders([new("a", List(1, "b"))]));
        Assert.Equal(own, Read(With(GoodBody, ("x-own", own))).Message.Headers["x-own"]);
    }

    [Fact]
    public void Too_many_headers_are_refused_and_too_large_ones_too()
    {
        var many = With(GoodBody, [.. Enumerable.Range(0, 300).Select(index => ($"x-{index}", (HeaderValue)index))]);
        Assert.Equal(QuarantineReason.MalformedHeaders, Fault(many).Reason);
        var large = Fault(With(GoodBody, ("x-large", new string('x', 100_000))));
        Assert.Equal((QuarantineReason.MalformedHeaders, "id-1"), (large.Reason, large.TaskId));
        var together = With(GoodBody, [.. Enumerable.Range(0, 6).Select(index => ($"x-{index}", (HeaderValue)new string('x', 50_000)))]);
        Assert.Equal(QuarantineReason.MalformedHeaders, Fault(together).Reason);
    }

    [Fact]
    public void A_header_nested_without_end_is_refused()
    {
        var value = List();
        for (var depth = 0; depth < 100_000; depth++)
        {
            value = List(value);
        }
        Assert.Equal(QuarantineReason.MalformedHeaders, Fault(With(GoodBody, ("x-deep", value))).Reason);
    }

    [Fact]
    public void A_nested_header_in_the_place_of_one_of_Celerys_is_refused_too()
    {
        var value = List();
        for (var depth = 0; depth < 100_000; depth++)
        {
            value = List(value);
        }
        foreach (var name in new[] { "task", "id", "timelimit", "compression" })
        {
            Assert.Equal(QuarantineReason.MalformedHeaders, Fault(With(GoodBody, (name, value))).Reason);
        }
    }

    [Fact]
    public void Damaged_headers_of_a_store_are_a_fault()
    {
        var message = With() with { Headers = MessageHeaders.FromEncoded(new byte[] { 1, 2, 3, 4, 5, 6 }) };
        Assert.Equal(QuarantineReason.MalformedHeaders, Fault(message).Reason);
    }

    private static (TimeSpan?, TimeSpan?) Limits(HeaderValue value)
    {
        var request = Read(With(GoodBody, ("timelimit", value)));
        return (request.TimeLimit, request.SoftTimeLimit);
    }
}
