using System.Threading.Channels;
using Celeriac.Working.Limits;

namespace Celeriac.Working;

/// <summary>
/// The way from admission to a runner. What has to wait, for its eta or its rate limit, waits beside it and takes no slot.
/// </summary>
internal sealed class Dispatch(TaskRuntimes runtimes, SharedLimits? limits, TimeProvider time) : IDisposable
{
    private readonly Channel<AdmittedTask> _line = Channel.CreateUnbounded<AdmittedTask>();
    private readonly CancellationTokenSource _closing = new();
    private readonly UnderWay _waiting = new();

    /// <summary>The tasks to run now.</summary>
    public ChannelReader<AdmittedTask> Line => _line.Reader;

    /// <summary>Told that there is something on the line.</summary>
    public Action? Arrived { get; set; }

    public void Accept(AdmittedTask task)
    {
        if (task.Request.Eta is { } eta && eta - time.GetUtcNow() is var wait && wait > TimeSpan.Zero)
        {
            task.Stage = TaskStage.Scheduled;
            _waiting.Keep(WaitAsync(task, wait));
            return;
        }
        PassOn(task);
    }

    /// <summary>Whatever waits goes on the line, where the runners of a stopping worker give it back.</summary>
    public async ValueTask CloseAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _waiting.FinishAsync().ConfigureAwait(false);
        foreach (var runtime in runtimes.All)
        {
            runtime.Gate.Open();
        }
        await _waiting.FinishAsync().ConfigureAwait(false);
        _line.Writer.Complete();
    }

    public void Dispose() => _closing.Dispose();

    private async Task WaitAsync(AdmittedTask task, TimeSpan wait)
    {
        // The clock may be set while it waits: who waits long looks at it again and again.
        var longest = TimeSpan.FromMinutes(1);
        for (; wait > TimeSpan.Zero && !_closing.IsCancellationRequested; wait = task.Request.Eta!.Value - time.GetUtcNow())
        {
            await Task.Delay(wait < longest ? wait : longest, time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        task.Stage = TaskStage.Reserved;
        PassOn(task);
    }

    private void PassOn(AdmittedTask task)
    {
        // Without a limit not even a delegate is made.
        if (_closing.IsCancellationRequested || task.Runtime.Gate.Limit is null || task.Runtime.Gate.Pass(task, Enqueue))
        {
            Enqueue(task);
        }
    }

    private void Enqueue(AdmittedTask task)
    {
        if (limits?.Concern(task) is true && !_closing.IsCancellationRequested)
        {
            _waiting.Keep(PassLimitsAsync(task));
            return;
        }
        PutOnLine(task);
    }

    private void PutOnLine(AdmittedTask task)
    {
        _line.Writer.TryWrite(task);
        Arrived?.Invoke();
    }

    private async Task PassLimitsAsync(AdmittedTask task)
    {
        if (await limits!.PassAsync(task, _closing.Token).ConfigureAwait(false))
        {
            PutOnLine(task);
        }
    }
}
