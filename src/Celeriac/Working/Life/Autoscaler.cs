using Celeriac.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working.Life;

/// <summary>
/// Grows the pool as soon as the worker holds more than runs at once, and shrinks it to what is needed once nothing has made it grow for Celery's 30 seconds.
/// As much is fetched as the largest pool could run: nothing that was fetched waits for more than the growth.
/// </summary>
internal sealed class Autoscaler(WorkerState state, WorkerOptions options, AutoscaleBounds bounds, string node, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan s_keepAlive = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private long _grewAt = time.GetTimestamp();

    public int Maximum { get; private set; } = bounds.Maximum;

    public int Minimum { get; private set; } = bounds.Minimum;

    /// <summary>How much runs or could.</summary>
    public int Quantity => state.InHand.Count - state.InHand.At(TaskStage.Scheduled).Count();

    public int Size => state.Runners?.Size ?? Least;

    /// <summary>The fewest runners.</summary>
    public int Least => Math.Max(1, Minimum);

    /// <summary>A task has come.</summary>
    public void Received()
    {
        if (state.InHand.Count > Size && Size < Maximum)
        {
            Grow();
        }
    }

    /// <summary>Looks every second until the worker stops.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(s_lookEvery, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stop.IsCancellationRequested)
            {
                Look();
            }
        }
    }

    /// <summary>Grows or shrinks, where that is due.</summary>
    public void Look()
    {
        Grow();
        Shrink();
    }

    /// <summary>Other bounds; null for as it was.</summary>
    /// <exception cref="ArgumentException">The least is more than the most, or they are no such numbers.</exception>
    public void Update(int? maximum, int? minimum)
    {
        lock (_lock)
        {
            var (most, least) = (maximum ?? Maximum, minimum ?? Minimum);
            if (most is < 1 or > 100_000 || least < 0 || least > most)
            {
                throw new ArgumentException($"max is {most} and min is {least}, but max must be 1–100000 and min 0–max");
            }
            (Maximum, Minimum) = (most, least);
            Resize(Math.Clamp(Size, Least, Maximum));
        }
        state.Intake.ChangePrefetch(options.MessagesAheadOf(Maximum));
    }

    private void Grow()
    {
        lock (_lock)
        {
            var wanted = Math.Clamp(Quantity, Least, Maximum);
            if (wanted > Size)
            {
                Resize(wanted);
            }
            if (wanted >= Size)
            {
                // What it has is needed, too.
                _grewAt = time.GetTimestamp();
            }
        }
    }

    private void Shrink()
    {
        lock (_lock)
        {
            var wanted = Math.Clamp(Quantity, Least, Maximum);
            if (wanted < Size && time.GetElapsedTime(_grewAt) >= s_keepAlive)
            {
                Resize(wanted);
            }
        }
    }

    private void Resize(int size)
    {
        var change = size - Size;
        if (change == 0 || state.Runners is not { } runners)
        {
            return;
        }
        if (change > 0)
        {
            runners.Grow(change);
        }
        else
        {
            runners.Shrink(-change);
        }
        state.Pool?.Resize(runners.Size);
        Log.Autoscaled(log, node, runners.Size, Maximum, Minimum);
    }
}
