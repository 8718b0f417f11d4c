using Celeriac.Amqp.Publishing;
using Celeriac.Messaging.Stores;
using Celeriac.Messaging.Tests.Brokers;

namespace Celeriac.Amqp.Tests;

/// <summary>One timer for all calls that wait for the broker.</summary>
public sealed class PublishDeadlinesTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private readonly ManualTime _time = new();
    private readonly List<PublishBatch> _expired = [];
    private readonly PublishDeadlines _deadlines;

    public PublishDeadlinesTests() => _deadlines = new PublishDeadlines(s_patience, _time, _expired.Add);

    public void Dispose() => _deadlines.Dispose();

    [Fact]
    public void Each_call_has_its_own_time()
    {
        var first = Begin();
        _time.Advance(s_patience / 2);
        var second = Begin();

        _time.Advance(s_patience / 2);
        Assert.Equal([first], _expired);

        _time.Advance(s_patience / 2);
        Assert.Equal([first, second], _expired);
    }

    [Fact]
    public void An_answered_call_does_not_expire_and_the_next_one_does()
    {
        var answered = Begin();
        _time.Advance(s_patience / 2);
        var open = Begin();
        _deadlines.End(answered);

        _time.Advance(s_patience);

        Assert.Equal([open], _expired);
    }

    [Fact]
    public void A_call_that_comes_after_a_quiet_time_expires_too()
    {
        _deadlines.End(Begin());
        _time.Advance(3 * s_patience);
        var late = Begin();

        _time.Advance(s_patience);

        Assert.Equal([late], _expired);
    }

    [Fact]
    public void At_the_end_all_expire_and_what_comes_later_at_once()
    {
        var open = Begin();

        _deadlines.Close();
        var late = Begin();

        Assert.Equal([open, late], _expired);
    }

    private PublishBatch Begin()
    {
        var batch = new PublishBatch(1, new AnswerLine());
        _deadlines.Begin(batch);
        return batch;
    }
}
