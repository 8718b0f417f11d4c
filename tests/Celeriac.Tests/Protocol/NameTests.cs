using Celeriac.Protocol;

namespace Celeriac.Tests.Protocol;

public sealed class NameTests
{
    [Fact]
    public void Ids_are_UUIDs_of_version_7_that_differ()
    {
        var ids = Enumerable.Range(0, 10_000).Select(_ => TaskId.New()).ToHashSet();
        Assert.Equal(10_000, ids.Count);
        Assert.All(ids, id => Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id));
    }

    [Fact]
    public void Ids_sort_by_the_time_they_were_made()
    {
        var clock = new SteppingClock();
        var ids = Enumerable.Range(0, 1000).Select(_ => TaskId.New(clock)).ToList();
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.Equal(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), Convert.ToInt64(ids[0].Replace("-", "", StringComparison.Ordinal)[..12], 16));
    }

    [Theory]
    [InlineData(null, "celeriac@box.example.org")]
    [InlineData("", "celeriac@box.example.org")]
    [InlineData("w1@%h", "w1@box.example.org")]
    [InlineData("w1@%n", "w1@box")]
    [InlineData("w1.%d@%n", "w1.example.org@box")]
    [InlineData("%n-%i@%h", "box-0@box.example.org")]
    [InlineData("w%%1@other", "w%1@other")]
    [InlineData("other", "celeriac@other")]
    [InlineData("w1@", "w1@box.example.org")]
    [InlineData("@other", "celeriac@other")]
    public void Node_names_are_expanded_as_Celery_does(string? given, string expected) => Assert.Equal(expected, NodeName.Expand(given, "box.example.org"));

    [Fact]
    public void A_host_without_a_domain_has_an_empty_one() => Assert.Equal("w@box.", NodeName.Expand("w@%n.%d", "box"));

    [Fact]
    public void An_unknown_letter_is_refused_by_name() => Assert.Contains("%x", Assert.Throws<ArgumentException>(() => NodeName.Expand("w@%x", "box")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_clients_name_holds_its_process() => Assert.Equal($"gen{Environment.ProcessId}@{NodeName.Host}", NodeName.Client);

    /// <summary>Every look is a microsecond later.</summary>
    private sealed class SteppingClock : TimeProvider
    {
        private DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow()
        {
            var now = _now;
            _now = now.AddMicroseconds(1);
            return now;
        }
    }
}
