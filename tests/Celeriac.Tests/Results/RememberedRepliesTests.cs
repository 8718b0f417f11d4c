using Celeriac.Results;

namespace Celeriac.Tests.Results;

/// <summary>What a client remembers of tasks whose results it expects: never without a bound.</summary>
public sealed class RememberedRepliesTests
{
    private readonly SetClock _clock = new();

    private RememberedReplies Replies(int most = 100, int mostTaken = 100) => new(most, mostTaken, TimeSpan.FromHours(1), _clock);

    [Fact]
    public async Task Beyond_the_most_the_oldest_is_dropped_and_its_waiter_told_why()
    {
        var replies = Replies(most: 3);
        replies.Expect("1");
        var oldest = replies.Find("1")!;
        foreach (var id in (string[])["2", "3", "4"])
        {
            replies.Expect(id);
        }
        Assert.Equal([null, "2", "3", "4"], new[] { "1", "2", "3", "4" }.Select(id => replies.Find(id)?.TaskId));
        var dropped = await Assert.ThrowsAsync<InvalidOperationException>(() => oldest.Ended);
        Assert.Contains("'1' was dropped: this client already remembers 3 later tasks", dropped.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_older_than_results_live_is_swept_with_the_next_task()
    {
        var replies = Replies();
        replies.Expect("old");
        var old = replies.Find("old")!;
        _clock.Advance(TimeSpan.FromMinutes(40));
        replies.Expect("young");
        _clock.Advance(TimeSpan.FromMinutes(40));
        replies.Expect("new");
        Assert.Equal([null, "young", "new"], new[] { "old", "young", "new" }.Select(id => replies.Find(id)?.TaskId));
        Assert.Contains("result_expires", (await Assert.ThrowsAsync<InvalidOperationException>(() => old.Ended)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_what_was_awaited_only_the_last_few_are_kept_and_they_take_no_room_from_the_others()
    {
        var replies = Replies(most: 2, mostTaken: 2);
        foreach (var id in (string[])["1", "2", "3"])
        {
            replies.Expect(id);
            replies.Taken(replies.Find(id)!);
        }
        replies.Expect("4");
        replies.Expect("5");
        Assert.Equal([null, "2", "3", "4", "5"], new[] { "1", "2", "3", "4", "5" }.Select(id => replies.Find(id)?.TaskId));
    }

    [Fact]
    public void What_is_forgotten_on_purpose_takes_no_room()
    {
        var replies = Replies(most: 2);
        replies.Expect("1");
        replies.Expect("2");
        replies.Forget("2");
        replies.Expect("3");
        Assert.Equal(["1", null, "3"], new[] { "1", "2", "3" }.Select(id => replies.Find(id)?.TaskId));
    }

    private sealed class SetClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
