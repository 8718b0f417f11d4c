using Celeriac.Working;

namespace Celeriac.Tests.Working;

public sealed class UnknownTasksTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(4, 1)]
    [InlineData(5, 2)]
    [InlineData(9, 32)]
    [InlineData(10, 60)]
    public void Each_try_comes_later_than_the_one_before_up_to_a_minute(int tries, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), UnknownTasks.DelayBefore(tries));
}
