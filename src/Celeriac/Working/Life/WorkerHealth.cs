using Celeriac.Messaging;

namespace Celeriac.Working.Life;

/// <summary>What a probe is told: whether it is well, and a sentence.</summary>
internal readonly record struct HealthAnswer(bool IsWell, string Text);

/// <summary>Whether a worker lives, consumes, and keeps up.</summary>
internal sealed class WorkerHealth(WorkerState state, TimeProvider time)
{
    private static readonly TimeSpan s_longestSilence = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private long _beatAt;
    private volatile bool _works;
    private volatile bool _consumes;
    private volatile bool _stops;

    /// <summary>The receive loop has begun.</summary>
    public void Began()
    {
        Beat();
        _works = true;
    }

    /// <summary>A queue is consumed.</summary>
    public void Consumes() => _consumes = true;

    /// <summary>True once the worker was asked to stop.</summary>
    public bool IsStopping => _stops;

    /// <summary>The worker was asked to stop: it lives, but takes no more.</summary>
    public void Stops() => _stops = true;

    /// <summary>The worker has ended.</summary>
    public void Ended() => _works = false;

    public void Beat() => Interlocked.Exchange(ref _beatAt, time.GetTimestamp());

    /// <summary>Beats every second on the threads that tasks use: where these are all taken, the worker is as good as dead.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            Beat();
            await Task.Delay(TimeSpan.FromSeconds(1), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public HealthAnswer Live()
    {
        if (!_works)
        {
            return new(false, "the worker does not run");
        }
        var silence = time.GetElapsedTime(Interlocked.Read(ref _beatAt));
        return silence < s_longestSilence
            ? new(true, _stops ? "the worker is stopping" : "the worker runs")
            : new(false, $"nothing has moved in the worker for {silence.TotalSeconds:0} s: its threads are taken");
    }

    public HealthAnswer Ready(ITransport broker)
    {
        var health = broker.Health;
        return !_works ? new(false, "the worker does not run")
            : _stops ? new(false, "the worker is stopping")
            : health.State != ConnectionState.Connected ? new(false, $"the broker is away: {health.State.ToString().ToLowerInvariant()}")
            : !_consumes ? new(false, "the worker does not consume yet")
            : new(true, "the worker consumes");
    }

    /// <summary>How many messages wait in the worker's queues, and whether in one of them more than may.</summary>
    public async Task<HealthAnswer> LagAsync(ITransport broker, long limit, CancellationToken cancellationToken)
    {
        if (!broker.Capabilities.Counts)
        {
            return new(true, "this broker does not count what waits");
        }
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            (string Queue, long Ready) most = ("", 0);
            foreach (var queue in state.Intake.Queues)
            {
                var ready = (await broker.CountAsync(queue, patience.Token).ConfigureAwait(false))?.Ready ?? 0;
                most = ready >= most.Ready ? (queue, ready) : most;
            }
            return new(most.Ready <= limit, $"{most.Ready} messages wait in queue '{most.Queue}', the limit is {limit}");
        }
        catch (Exception error) when (error is TransportException or OperationCanceledException or ObjectDisposedException && !cancellationToken.IsCancellationRequested)
        {
            return new(false, "the broker does not say how many messages wait");
        }
    }
}
