using Celeriac.Messaging.Stores;
using Celeriac.Postgres.Reading;

namespace Celeriac.Postgres.Tests;

/// <summary>An idle worker asks nothing: what was found empty stays so until something is heard, is due, or the poll's time has passed.</summary>
public sealed class QuietQueuesTests
{
    private static readonly TimeSpan s_poll = TimeSpan.FromSeconds(15);
    private readonly MovedClock _clock = new();
    private readonly Hearing _hearing = new();
    private readonly QuietQueues _quiet;

    public QuietQueuesTests() => _quiet = new QuietQueues(_hearing, s_poll, _clock);

    [Fact]
    public void An_empty_queue_is_known_to_be_empty()
    {
        Note(nextDue: 0);
        Assert.Empty(_quiet.AnswerTo(Request(now: 1))!.Messages);
    }

    [Fact]
    public void A_queue_that_had_messages_is_asked_again()
    {
        Note(nextDue: 0);
        _quiet.Note(Request(now: 1), new TakeAnswer([new TakenMessage(default, 7, new Messaging.Message { Body = default }, "", "q")], 0), _hearing.NewsOf([7]));
        Assert.Null(_quiet.AnswerTo(Request(now: 1)));
    }

    [Fact]
    public void News_of_the_queue_end_the_quiet()
    {
        _hearing.ListenFor([7]);
        Note(nextDue: 0);
        _hearing.Hear("m3,7");
        Assert.Null(_quiet.AnswerTo(Request(now: 1)));
    }

    [Theory]
    [InlineData("m3,8")]
    [InlineData("d")]
    public void News_of_something_else_do_not(string payload)
    {
        _hearing.ListenFor([7]);
        Note(nextDue: 0);
        _hearing.Hear(payload);
        Assert.NotNull(_quiet.AnswerTo(Request(now: 1)));
    }

    [Theory]
    [InlineData("t")]
    [InlineData("m*")]
    public void News_that_may_be_anybody_s_end_it(string payload)
    {
        _hearing.ListenFor([7]);
        Note(nextDue: 0);
        _hearing.Hear(payload);
        Assert.Null(_quiet.AnswerTo(Request(now: 1)));
    }

    [Fact]
    public void A_message_that_is_due_ends_it()
    {
        Note(nextDue: 100);
        Assert.NotNull(_quiet.AnswerTo(Request(now: 99)));
        Assert.Null(_quiet.AnswerTo(Request(now: 100)));
    }

    [Fact]
    public void The_poll_looks_all_the_same()
    {
        Note(nextDue: 0);
        _clock.Move(s_poll);
        Assert.Null(_quiet.AnswerTo(Request(now: 1)));
    }

    [Fact]
    public void A_reconnect_ends_it()
    {
        Note(nextDue: 0);
        _hearing.Pulse();
        Assert.Null(_quiet.AnswerTo(Request(now: 1)));
    }

    [Fact]
    public void News_of_another_queue_of_this_process_do_not()
    {
        _hearing.ListenFor([7, 8]);
        Note(nextDue: 0);
        _hearing.Hear("m8");
        _hearing.Hear("d");
        Assert.NotNull(_quiet.AnswerTo(Request(now: 1)));
        _hearing.Hear("m*");
        Assert.Null(_quiet.AnswerTo(Request(now: 1)));
    }

    private void Note(long nextDue) => _quiet.Note(Request(now: 1), new TakeAnswer([], nextDue), _hearing.NewsOf([7]));

    private static TakeRequest Request(long now) => new(1, [7], 10, now);

    private sealed class MovedClock : TimeProvider
    {
        private long _now = 1;

        public void Move(TimeSpan by) => _now += by.Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;
    }
}
