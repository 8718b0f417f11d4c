using Celeriac.Messaging;

namespace Celeriac.Messaging.Tests;

public sealed class BrokerUrlOptionTests
{
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan Minimum = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Maximum = TimeSpan.FromHours(2);

    [Theory]
    [InlineData("5", 5000)]
    [InlineData("5s", 5000)]
    [InlineData("0.5", 500)]
    [InlineData("250ms", 250)]
    [InlineData("2m", 120_000)]
    [InlineData("1H", 3_600_000)]
    public void A_duration_names_its_unit_or_is_in_seconds(string value, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Url($"wait={value}").Duration("wait", Default, Minimum, Maximum));

    [Theory]
    [InlineData("soon")]
    [InlineData("")]
    [InlineData("5 s")]
    [InlineData("5ms")]
    [InlineData("1d")]
    [InlineData("-5s")]
    [InlineData("NaN")]
    [InlineData("1e400")]
    [InlineData("99999999999999999999999d")]
    public void A_wrong_duration_is_refused_with_value_range_and_example(string value)
    {
        var error = Assert.Throws<BrokerUrlException>(() => Url($"wait={value}").Duration("wait", Default, Minimum, Maximum));

        Assert.Equal(
            $"Option 'wait' of broker URL 'sqlite://a.db?wait={value}' is '{value}', but must be a duration from 10ms to 2h. Write for example wait=5, 5s, 250ms, 2m or 1h.",
            error.Message);
    }

    [Fact]
    public void Absent_options_give_their_defaults()
    {
        var url = Url("other=1");

        Assert.Equal(Default, url.Duration("wait", Default, Minimum, Maximum));
        Assert.Equal(3, url.Integer("count", 3));
        Assert.True(url.Flag("safe", defaultValue: true));
        Assert.Null(url.Text("name"));
        Assert.Equal("full", url.Choice("synchronous", "full", "full", "normal"));
    }

    [Fact]
    public void An_integer_is_read_within_its_range()
    {
        Assert.Equal(12, Url("count=12").Integer("COUNT", 3, 1, 99));
        var error = Assert.Throws<BrokerUrlException>(() => Url("count=100").Integer("count", 3, 1, 99));
        Assert.Contains("is '100', but must be a whole number from 1 to 99. Write for example count=3.", error.Message, StringComparison.Ordinal);
        Assert.Throws<BrokerUrlException>(() => Url("count=1.5").Integer("count", 3));
        Assert.Throws<BrokerUrlException>(() => Url("count=99999999999999999999").Integer("count", 3));
    }

    [Theory]
    [InlineData("safe", true)]
    [InlineData("safe=", true)]
    [InlineData("safe=True", true)]
    [InlineData("safe=1", true)]
    [InlineData("safe=on", true)]
    [InlineData("safe=no", false)]
    [InlineData("safe=0", false)]
    public void A_flag_is_a_word_or_its_bare_name(string query, bool expected) => Assert.Equal(expected, Url(query).Flag("safe", !expected));

    [Fact]
    public void A_wrong_flag_or_choice_is_refused_with_the_choices()
    {
        Assert.Contains("is 'perhaps', but must be true or false", Assert.Throws<BrokerUrlException>(() => Url("safe=perhaps").Flag("safe")).Message, StringComparison.Ordinal);
        var error = Assert.Throws<BrokerUrlException>(() => Url("synchronous=ful").Choice("synchronous", "full", "full", "normal"));
        Assert.Contains("is 'ful', but must be one of full, normal. Write for example synchronous=full.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_choice_is_given_back_as_listed() => Assert.Equal("normal", Url("synchronous=NORMAL").Choice("synchronous", "full", "full", "normal"));

    [Fact]
    public void An_unknown_option_is_refused_with_the_nearest_known_one()
    {
        var error = Assert.Throws<BrokerUrlException>(() => Url("timeuot=5").RequireKnown("timeout", "synchronous"));

        Assert.Equal(
            "Broker URL 'sqlite://a.db?timeuot=5' has the unknown option 'timeuot'. Did you mean 'timeout'? Options: timeout, synchronous. Correct or remove it.",
            error.Message);
    }

    [Fact]
    public void Known_options_pass_in_any_case_and_alternates_are_checked_too()
    {
        Url("Timeout=5").RequireKnown("timeout");
        Assert.Throws<BrokerUrlException>(() => BrokerUrl.Parse("amqp://a?x=1;amqp://b?y=1").RequireKnown("x"));
    }

    [Fact]
    public void A_wrong_option_that_is_named_like_a_secret_does_not_show_its_value()
    {
        var error = Assert.Throws<BrokerUrlException>(() => Url("api_key=hunter2").Integer("api_key", 1));

        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
    }

    private static BrokerUrl Url(string query) => BrokerUrl.Parse($"sqlite://a.db?{query}");
}
