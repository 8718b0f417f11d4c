using System.Net;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working.Life;

/// <summary>What is around a worker's work: its stages, its size, its age.</summary>
internal sealed class WorkerLife
{
    private readonly WorkerState _state;
    private readonly WorkerOptions _options;
    private readonly string _node;
    private readonly ITransport _broker;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly AcknowledgementWatch _watch;
    private readonly IPEndPoint? _address;
    private int _begun;

    public WorkerLife(WorkerState state, WorkerOptions options, string node, ITransport broker, TimeProvider time, ILogger log)
    {
        (_state, _options, _node, _broker, _time, _log) = (state, options, node, broker, time, log);
        state.Autoscaler = options.Autoscale is { } bounds ? new Autoscaler(state, options, bounds, node, time, log) : null;
        Health = new WorkerHealth(state, time);
        _watch = new AcknowledgementWatch(state, node, time, log);
        state.Intake.TakenBack = _watch.TakenBack;
        state.Suspects.TakenBack = _watch.TakenBack;
        _address = options.Probe is { } probe ? Life.ProbeAddress.Parse(probe) ?? throw new ArgumentException($"The probe's address '{probe}' is no port and no IP address with a port. Give for example 8080.") : null;
    }

    public WorkerHealth Health { get; }

    /// <summary>Where probes are answered; null where they are not, or not yet.</summary>
    public IPEndPoint? ProbeAddress { get; private set; }

    /// <summary>True once as many tasks have begun as the worker was to run.</summary>
    public bool HasRunAll => _options.MaxTasks > 0 && Volatile.Read(ref _begun) >= _options.MaxTasks;

    /// <summary>How many tasks may run at once at the start.</summary>
    public int InitialSize => _state.Autoscaler?.Least ?? _options.Concurrency;

    /// <summary>A task is about to begin; false where it was one too many.</summary>
    public bool TryBegin(Action shutDown)
    {
        if (_options.MaxTasks <= 0)
        {
            return true;
        }
        var begun = Interlocked.Increment(ref _begun);
        if (begun == _options.MaxTasks)
        {
            Log.MaxTasksReached(_log, _node, begun);
            shutDown();
        }
        return begun <= _options.MaxTasks;
    }

    /// <summary>The stages in which the worker will stop.</summary>
    public ShutdownStages CreateStages() => new(_options, () => _state.InHand.Active, _node, _time, _log);

    /// <summary>Listens for probes; null where none are answered.</summary>
    /// <exception cref="InvalidOperationException">The address is taken or not this machine's.</exception>
    public ProbeServer? OpenProbe() => _address is null ? null : new ProbeServer(_address, AnswerAsync, _node, _time, _log);

    /// <summary>Beside the work: what ends when it stops, and what goes on until its last task is done.</summary>
    public async Task RunAsync(ProbeServer? probe, CancellationToken stop, CancellationToken end)
    {
        ProbeAddress = probe?.Address;
        Health.Began();
        var stopped = stop.Register(Health.Stops);
        await using var registered = stopped.ConfigureAwait(false);
        await Task.WhenAll(
            _state.Autoscaler?.RunAsync(stop) ?? Task.CompletedTask, Health.RunAsync(end), _watch.RunAsync(end), probe?.RunAsync(end) ?? Task.CompletedTask).ConfigureAwait(false);
        Health.Ended();
    }

    /// <summary>Whether at most so many messages wait in each of its queues; null for the worker's own limit.</summary>
    public Task<HealthAnswer> LagAsync(long? limit, CancellationToken cancellationToken) => Health.LagAsync(_broker, limit ?? _options.LagLimit, cancellationToken);

    private async Task<HealthAnswer> AnswerAsync(string path, CancellationToken cancellationToken) => path switch
    {
        "/live" => Health.Live(),
        "/ready" => Health.Ready(_broker),
        _ => await LagAsync(null, cancellationToken).ConfigureAwait(false),
    };

    /// <summary>Tells the log what runs.</summary>
    public void Dump()
    {
        var (now, running) = (_time.GetUtcNow(), _state.InHand.At(TaskStage.Active).OrderBy(task => task.StartedAt).ToList());
        Log.RunsDumped(_log, _node, running.Count, _state.Runners?.Size ?? _options.Concurrency, _state.InHand.Count - running.Count);
        foreach (var task in running)
        {
            Log.RunDumped(_log, task.Request.Task, task.Request.Id, task.Delivery.Queue, now - (task.StartedAt ?? now), task.Request.Retries);
        }
    }
}
