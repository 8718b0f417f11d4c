using Celeriac.Messaging;
using Celeriac.Messaging.Tests.Brokers;
using Celeriac.Protocol;
using Celeriac.Tests.Protocol;
using Celeriac.Working;

namespace Celeriac.Tests.Working;

/// <summary>The clock of the machine may be set while a task waits in a worker for its eta.</summary>
public sealed class ClockTests : IDisposable
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private readonly JumpingTime _time = new();
    private readonly TaskRuntimes _runtimes;
    private readonly Dispatch _dispatch;

    public ClockTests()
    {
        _runtimes = new TaskRuntimes(new TaskRegistry([Filters.Stage.Define("t", _ => default)]), _time);
        _dispatch = new Dispatch(_runtimes, limits: null, _time);
    }

    public void Dispose() => _dispatch.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task A_clock_that_is_set_back_does_not_let_a_task_run_early()
    {
        var task = Until(TimeSpan.FromSeconds(1.5));
        _dispatch.Accept(task);
        await _time.Timers.WaitForTimerAsync(TimeSpan.FromSeconds(2));
        _time.Offset = TimeSpan.FromSeconds(-30);
        _time.Timers.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(TimeSpan.FromSeconds(30), await _time.Timers.WaitForTimerAsync(s_minute));
        Assert.False(_dispatch.Line.TryRead(out _));

        _time.Timers.Advance(TimeSpan.FromSeconds(30));
        Assert.Same(task, await _dispatch.Line.ReadAsync());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_clock_that_is_set_forward_is_noticed_within_a_minute()
    {
        var task = Until(TimeSpan.FromHours(1));
        _dispatch.Accept(task);
        await _time.Timers.WaitForTimerAsync(s_minute);
        _time.Offset = TimeSpan.FromHours(1);
        _time.Timers.Advance(s_minute);

        Assert.Same(task, await _dispatch.Line.ReadAsync());
    }

    private AdmittedTask Until(TimeSpan wait)
    {
        var message = TestMessages.With(TestMessages.GoodBody, ("task", "t"), ("eta", CeleryTime.Write(_time.GetUtcNow() + wait)));
        return new AdmittedTask(new Delivery(null!, message, "celery", default), TaskMessageCodec.Decode(message, DecodeLimits.Default).Request!, _runtimes.Find("t")!) { AcksLate = true };
    }

    private sealed class JumpingTime : TimeProvider
    {
        public ManualTime Timers { get; } = new();
        public TimeSpan Offset { get; set; }
        public override long TimestampFrequency => Timers.TimestampFrequency;
        public override long GetTimestamp() => Timers.GetTimestamp();
        public override DateTimeOffset GetUtcNow() => Timers.GetUtcNow() + Offset;
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => Timers.CreateTimer(callback, state, dueTime, period);
    }
}
