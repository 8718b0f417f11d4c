using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Working;

namespace Celeriac.Tests.Working;

public sealed class RevocationsTests
{
    [Fact]
    public void The_oldest_ids_go_when_there_are_too_many()
    {
        var revocations = new Revocations(TimeProvider.System);
        revocations.Add(Enumerable.Range(0, Revocations.MostIds + 1).Select(number => $"t{number}"));
        Assert.Equal((Revocations.MostIds, "t1"), (revocations.Ids.Count, revocations.Ids[0].Id));
        Assert.False(revocations.Contains(Request("t0")));
        Assert.True(revocations.Contains(Request("t1")));
    }

    [Fact]
    public void An_id_is_forgotten_after_three_hours()
    {
        var time = new TurnedClock();
        var revocations = new Revocations(time);
        revocations.Add(["t"]);
        time.Elapsed = TimeSpan.FromSeconds(10_799);
        Assert.True(revocations.Contains(Request("t")));
        time.Elapsed = TimeSpan.FromSeconds(10_800);
        Assert.False(revocations.Contains(Request("t")));
        Assert.Empty(revocations.Ids);
    }

    [Fact]
    public void A_stamp_revokes_every_task_that_bears_it()
    {
        var revocations = new Revocations(TimeProvider.System);
        revocations.AddStamps("tenant", ["acme", "7"]);
        Assert.True(revocations.Contains(Request("a", new MessageHeaders([new("tenant", "acme")]))));
        Assert.True(revocations.Contains(Request("b", new MessageHeaders([new("tenant", HeaderValue.From([HeaderValue.From("other"), HeaderValue.From(7)]))]))));
        Assert.False(revocations.Contains(Request("c", new MessageHeaders([new("tenant", "other")]))));
        Assert.False(revocations.Contains(Request("d")));
    }

    private static TaskRequest Request(string id, MessageHeaders? stamps = null) => new()
    {
        Id = id,
        Task = "t",
        Body = default,
        Args = default,
        Kwargs = default,
        Message = new Message { Body = default, Headers = stamps is null ? MessageHeaders.Empty : new MessageHeaders([new(TaskHeader.Stamps, HeaderValue.From(stamps))]) },
    };

    private sealed class TurnedClock : TimeProvider
    {
        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
