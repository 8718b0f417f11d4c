namespace Celeriac.Tests.Working;

public sealed class RateLimitTests
{
    [Theory]
    [InlineData("10", 10)]
    [InlineData("10/s", 10)]
    [InlineData("30/m", 0.5)]
    [InlineData("36/h", 0.01)]
    [InlineData("0.5/s", 0.5)]
    public void A_rate_is_read_as_Celery_reads_it(string text, double perSecond)
    {
        Assert.True(RateLimit.TryParse(text, out var limit));
        Assert.Equal((text, perSecond), (limit!.Text, limit.PerSecond));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0/m")]
    public void Nothing_and_zero_are_no_limit(string? text)
    {
        Assert.True(RateLimit.TryParse(text, out var limit));
        Assert.Null(limit);
    }

    [Theory]
    [InlineData("often")]
    [InlineData("10/d")]
    [InlineData("-1/s")]
    [InlineData("nan")]
    [InlineData("10/m/s")]
    public void Anything_else_is_no_rate(string text) => Assert.False(RateLimit.TryParse(text, out _));
}
