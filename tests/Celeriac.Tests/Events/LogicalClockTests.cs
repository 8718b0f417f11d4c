using Celeriac.Events;

namespace Celeriac.Tests.Events;

public sealed class LogicalClockTests
{
    private readonly LogicalClock _clock = new();

    [Fact]
    public void It_goes_on_by_one()
    {
        Assert.Equal(1, _clock.Forward());
        Assert.Equal(2, _clock.Forward());
        Assert.Equal(2, _clock.Now);
    }

    [Fact]
    public void It_jumps_over_what_a_peer_tells()
    {
        Assert.Equal(42, _clock.Adjust(41));
        Assert.Equal(43, _clock.Adjust(7));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void A_peer_that_lies_is_not_believed(long lie) => Assert.Equal(1, _clock.Adjust(lie));
}
