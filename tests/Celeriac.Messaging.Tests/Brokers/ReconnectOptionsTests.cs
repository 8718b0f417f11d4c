using Celeriac.Messaging.Brokers;

namespace Celeriac.Messaging.Tests.Brokers;

public sealed class ReconnectOptionsTests
{
    [Fact]
    public void A_url_without_options_has_the_defaults() =>
        Assert.Equal(new ReconnectOptions(), ReconnectOptions.From(BrokerUrl.Parse("amqp://host")));

    [Fact]
    public void Every_option_is_read_from_the_url() =>
        Assert.Equal(
            new ReconnectOptions
            {
                ConnectTimeout = TimeSpan.FromSeconds(1),
                FirstDelay = TimeSpan.FromMilliseconds(50),
                LongestDelay = TimeSpan.FromSeconds(3),
                PublishTimeout = TimeSpan.FromSeconds(4),
                Heartbeat = TimeSpan.FromSeconds(6),
            },
            ReconnectOptions.From(BrokerUrl.Parse("amqp://host?connect_timeout=1s&reconnect_delay=50ms&reconnect_delay_max=3s&publish_timeout=4s&heartbeat=6s")));

    [Fact]
    public void Every_option_that_is_read_is_in_the_list_of_names() =>
        Assert.Equal(["connect_timeout", "heartbeat", "publish_timeout", "reconnect_delay", "reconnect_delay_max"], ReconnectOptions.Names.Order());

    [Fact]
    public void A_longest_delay_shorter_than_the_first_is_the_first() =>
        Assert.Equal(TimeSpan.FromSeconds(20), ReconnectOptions.From(BrokerUrl.Parse("amqp://host?reconnect_delay=20s&reconnect_delay_max=1s")).LongestDelay);

    [Theory]
    [InlineData("connect_timeout=0")]
    [InlineData("reconnect_delay=0")]
    [InlineData("reconnect_delay_max=2d")]
    [InlineData("publish_timeout=-1s")]
    [InlineData("heartbeat=100ms")]
    [InlineData("heartbeat=soon")]
    public void A_value_out_of_range_is_refused_by_the_option_s_name(string option) =>
        Assert.Contains(
            option.Split('=')[0], Assert.Throws<BrokerUrlException>(() => ReconnectOptions.From(BrokerUrl.Parse($"amqp://host?{option}"))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(1, 200)]
    [InlineData(2, 400)]
    [InlineData(5, 3200)]
    [InlineData(8, 15_000)]
    [InlineData(1_000_000, 15_000)]
    public void The_delay_lies_between_half_and_all_of_the_doubled_one_and_varies(int rounds, double full)
    {
        var delays = Enumerable.Range(0, 1000).Select(_ => new ReconnectOptions().DelayAfter(rounds).TotalMilliseconds).ToList();

        Assert.All(delays, delay => Assert.InRange(delay, full / 2, full));
        Assert.True(delays.Max() - delays.Min() > full / 4, "The delays do not vary: a fleet would come back in step.");
    }
}
