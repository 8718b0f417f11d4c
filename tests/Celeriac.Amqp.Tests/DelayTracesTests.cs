using Celeriac.Amqp.Wire;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Tests;

public sealed class DelayTracesTests
{
    [Fact]
    public void A_key_is_the_seconds_in_28_binary_digits_and_the_target() =>
        Assert.Equal(string.Concat(Enumerable.Repeat("0.", 25)) + "1.0.1.mail.high", DelayTraces.Key(5, "mail.high"));

    [Fact]
    public void The_longest_delay_is_all_ones() =>
        Assert.Equal(string.Concat(Enumerable.Repeat("1.", 28)) + "q", DelayTraces.Key((1 << 28) - 1, "q"));

    [Fact]
    public void A_target_is_bound_with_exactly_28_words_before_its_name() =>
        Assert.Equal(string.Concat(Enumerable.Repeat("*.", 28)) + "mail", DelayTraces.Pattern("mail"));

    [Theory]
    [InlineData("mail")]
    [InlineData("a.*.b.#")]
    [InlineData("100%.%2A.*")]
    [InlineData("*")]
    public void A_queue_s_name_comes_back_from_the_key(string queue)
    {
        Assert.Equal(("", queue), DelayTraces.Origin(DelayTraces.DeliveryExchange, DelayTraces.Key(77, queue)));
        Assert.DoesNotContain(DelayTraces.Pattern(queue).Split('.').Skip(28), word => word is "*" or "#");
    }

    [Fact]
    public void What_did_not_come_down_the_ladder_keeps_its_address() =>
        Assert.Equal(("orders", "key"), DelayTraces.Origin("orders", "key"));

    [Theory]
    [InlineData(-1000, 0)]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(1000, 1)]
    [InlineData(1001, 2)]
    public void Seconds_are_rounded_up(int milliseconds, int seconds) =>
        Assert.Equal(seconds, DelayTraces.Seconds(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public void The_ladder_s_deaths_are_removed()
    {
        var headers = MessageHeaders.Empty.With("mine", 1)
            .With("x-death", HeaderValue.From([Death("celeriac_delayed_0", "expired"), Death("celeriac_delayed_3", "expired")]))
            .With("x-first-death-queue", "celeriac_delayed_3").With("x-first-death-reason", "expired").With("x-first-death-exchange", "celeriac_delayed_27");
        Assert.Equal(MessageHeaders.Empty.With("mine", 1), DelayTraces.Strip(headers));
    }

    [Fact]
    public void Real_deaths_stay_and_are_the_first_then()
    {
        var headers = MessageHeaders.Empty
            .With("x-death", HeaderValue.From([Death("mail", "rejected"), Death("celeriac_delayed_3", "expired")]))
            .With("x-first-death-queue", "celeriac_delayed_3").With("x-first-death-reason", "expired");
        var stripped = DelayTraces.Strip(headers);
        Assert.Equal(("mail", "rejected"), (stripped.TextOf("x-first-death-queue"), stripped.TextOf("x-first-death-reason")));
        Assert.Equal(HeaderValue.From([Death("mail", "rejected")]), stripped["x-death"]);
    }

    [Fact]
    public void Headers_without_the_ladder_are_left_as_they_are()
    {
        var headers = MessageHeaders.Empty.With("x-death", HeaderValue.From([Death("mail", "rejected")])).With("x-first-death-queue", "mail");
        Assert.Same(headers, DelayTraces.Strip(headers));
    }

    private static HeaderValue Death(string queue, string reason) => HeaderValue.From(MessageHeaders.Empty.With("queue", queue).With("reason", reason));
}
