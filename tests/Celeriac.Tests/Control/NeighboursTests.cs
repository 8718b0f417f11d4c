using Celeriac.Control;

namespace Celeriac.Tests.Control;

public sealed class NeighboursTests
{
    [Theory]
    [InlineData("rpc://", "rpc", true)]
    [InlineData("rpc://", "rpc://", true)]
    [InlineData("rpc://", "redis://localhost:6379/0", false)]
    [InlineData("redis://127.0.0.1", "redis://:**@localhost:6379/0", true)]
    [InlineData("redis://localhost/1", "redis://localhost/2", false)]
    [InlineData("redis://one/1", "redis://two/1", false)]
    [InlineData("sqlite://results.db", "db+sqlite:///results.db", false)]
    [InlineData("rpc://", "what is this", true)]
    public void Results_are_compared_as_far_as_the_URLs_tell(string ours, string theirs, bool same) => Assert.Equal(same, Neighbours.AreSameResults(ours, theirs));
}
