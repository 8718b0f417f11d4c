using Celeriac.Messaging.Tests.Brokers;
using Celeriac.Working;

namespace Celeriac.Tests.Working;

public sealed class AloneGateTests : IDisposable
{
    private const int Limit = 120_000;
    private readonly ManualTime _time = new();
    private readonly AloneGate _gate;

    public AloneGateTests() => _gate = new AloneGate(_time);

    public void Dispose() => _gate.Dispose();

    [Fact]
    public void Without_a_suspect_nobody_waits() => Assert.True(_gate.EnterAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);

    [Fact(Timeout = Limit)]
    public async Task A_suspect_waits_for_what_runs_and_nothing_begins_beside_it()
    {
        await _gate.EnterAsync(CancellationToken.None);
        var (begun, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        var suspect = _gate.RunAloneAsync(() => { begun.SetResult(); return end.Task; }, CancellationToken.None);
        Assert.False(begun.Task.IsCompleted);

        _gate.Leave();
        await begun.Task;
        var next = _gate.EnterAsync(CancellationToken.None).AsTask();
        Assert.False(next.IsCompleted);

        end.SetResult();
        await suspect;
        await next;
    }

    [Fact(Timeout = Limit)]
    public async Task Suspects_run_one_after_the_other()
    {
        var (end, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        var running = _gate.RunAloneAsync(() => end.Task, CancellationToken.None);
        var waiting = _gate.RunAloneAsync(() => { second.SetResult(); return Task.CompletedTask; }, CancellationToken.None);
        Assert.False(second.Task.IsCompleted);

        end.SetResult();
        await running;
        await waiting;
        Assert.True(second.Task.IsCompleted);
    }

    [Fact(Timeout = Limit)]
    public async Task A_long_task_holds_a_suspect_up_for_a_bounded_time()
    {
        await _gate.EnterAsync(CancellationToken.None);
        var begun = new TaskCompletionSource();
        var suspect = _gate.RunAloneAsync(() => { begun.SetResult(); return Task.CompletedTask; }, CancellationToken.None);

        _time.Advance(AloneGate.LongestWait);
        await begun.Task;
        await suspect;
    }

    [Fact(Timeout = Limit)]
    public async Task A_long_suspect_holds_the_others_up_for_a_bounded_time()
    {
        var end = new TaskCompletionSource();
        var suspect = _gate.RunAloneAsync(() => end.Task, CancellationToken.None);
        var next = _gate.EnterAsync(CancellationToken.None).AsTask();

        _time.Advance(AloneGate.LongestAlone);
        await next;
        end.SetResult();
        await suspect;
    }

    [Fact(Timeout = Limit)]
    public async Task A_worker_that_stops_lets_the_waiting_go()
    {
        using var stop = new CancellationTokenSource();
        var end = new TaskCompletionSource();
        var suspect = _gate.RunAloneAsync(() => end.Task, CancellationToken.None);
        var next = _gate.EnterAsync(stop.Token).AsTask();

        await stop.CancelAsync();
        await next;
        end.SetResult();
        await suspect;
    }

    [Fact(Timeout = Limit)]
    public async Task A_suspect_that_throws_opens_the_gate()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => _gate.RunAloneAsync(() => throw new InvalidOperationException(), CancellationToken.None));
        Assert.True(_gate.EnterAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
    }
}
