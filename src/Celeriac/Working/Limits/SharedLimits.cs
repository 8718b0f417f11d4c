using System.Collections.Frozen;
using System.Text.Json;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.SharedState;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working.Limits;

/// <summary>
/// Limits that all workers count together. A task over its limit takes no slot. It waits here while that is short and others have room; else it goes back
/// into the broker: under a rate with its turn, so that it makes one trip, for a place under a concurrency limit with a growing delay. So the backlog of one
/// tenant does not fill what this worker has fetched, and the others' tasks behind it are reached.
/// </summary>
internal sealed class SharedLimits : IAsyncDisposable
{
    // What waits this shortly is not worth a trip, however much of it there is.
    private static readonly TimeSpan s_blink = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_shortWait = TimeSpan.FromSeconds(2);
    // Brokers take a channel away from who holds a message for half an hour.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_longestTrip = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(5);

    private readonly FrozenDictionary<string, TaskLimits> _tasks;
    private readonly KeyedLines<RateLine> _rates = new();
    private readonly KeyedLines<SlotLine> _slots = new();
    private readonly UnderWay _work = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly StateReach _state;
    private readonly SlotOwner _owner;
    private readonly ITransport _broker;
    private readonly Func<int> _fetched;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Task _renewing;
    private int _waiting;

    private SharedLimits(FrozenDictionary<string, TaskLimits> tasks, StateUpdates? state, ITransport broker, string node, TimeSpan lease, Func<int> fetched, TimeProvider time, ILogger log)
    {
        _tasks = tasks;
        // Never asked where no task has such limits; else there is a store, or the worker would have refused.
        _state = new StateReach(state!, node, time, log);
        _owner = new SlotOwner(node, lease, _state, time);
        (_broker, _fetched, _time, _log) = (broker, fetched, time, log);
        _renewing = tasks.Values.Any(task => task.Concurrency > 0) ? Task.Run(() => _owner.RenewAsync(_stop.Token)) : Task.CompletedTask;
    }

    /// <summary>Sends a task back into the broker until a time, with what it carries, and lets go of it.</summary>
    public required Func<AdmittedTask, DateTimeOffset, string, CancellationToken, Task> Defer { get; init; }

    /// <summary>Refuses tasks with such limits where there is no shared state.</summary>
    /// <exception cref="SharedStateException">There is none.</exception>
    /// <exception cref="ArgumentException">A limit cannot be read.</exception>
    public static void Require(TaskRuntimes tasks, StateHome home)
    {
        foreach (var definition in tasks.All.Select(task => task.Definition).Where(definition => TaskLimits.Of(definition) is not null))
        {
            home.Require($"Task '{definition.Name}' {definition.Options.WhySharedLimits}");
        }
    }

    /// <summary>The limits of a worker's tasks.</summary>
    public static SharedLimits Of(
        WorkerState worker, TaskClient client, string node, WorkerOptions options, Func<AdmittedTask, DateTimeOffset, string, CancellationToken, Task> defer, TimeProvider time, ILogger log)
    {
        var limited = worker.Tasks.All.Select(task => KeyValuePair.Create(task.Definition.Name, TaskLimits.Of(task.Definition)!)).Where(pair => pair.Value is not null).ToFrozenDictionary(StringComparer.Ordinal);
        return new SharedLimits(limited, client.SharedState.Updates, client.Transport, node, options.ConcurrencyLease, () => worker.Intake.Prefetch, time, log) { Defer = defer };
    }

    /// <summary>True where the task has limits of this kind.</summary>
    public bool Concern(AdmittedTask task) => _tasks.ContainsKey(task.Definition.Name);

    /// <summary>True where the task may take a slot now, or the worker stops; false where it has gone back into the broker.</summary>
    public async Task<bool> PassAsync(AdmittedTask task, CancellationToken closing)
    {
        var limits = _tasks[task.Definition.Name];
        var trip = LimitTrip.Of(task.Delivery.Message.Headers);
        string? slotKey, rateKey;
        try
        {
            (slotKey, rateKey) = (limits.SlotKeyOf(task.Request), limits.RateKeyOf(task.Request));
        }
        catch (Exception error) when (error is ArgumentException or JsonException or InvalidOperationException)
        {
            // The arguments do not fit the task: its run says so.
            return true;
        }
        try
        {
            if (_state.IsAway && _broker.Capabilities.Delay)
            {
                // Nobody knows how long. Those of other tasks, behind it, are not to wait for that.
                await GoAroundAsync(task, trip, closing).ConfigureAwait(false);
                return false;
            }
            return (slotKey is null || await PassSlotsAsync(task, limits, slotKey, trip, closing).ConfigureAwait(false))
                && (rateKey is null || await PassRateAsync(task, limits, rateKey, trip, closing).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested)
        {
            // The worker stops: its runners give the task back.
            return true;
        }
    }

    /// <summary>Waits until what was given back is written, for a while.</summary>
    public async ValueTask DisposeAsync()
    {
        await _work.FinishAsync().WaitAsync(s_goodbye, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        await _work.FinishAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async ValueTask<bool> PassSlotsAsync(AdmittedTask task, TaskLimits limits, string key, LimitTrip trip, CancellationToken closing)
    {
        var line = _slots.Enter(key, () => new SlotLine(_state, _owner, _work, key, limits.Concurrency, _time, _stop.Token));
        var place = await TakePlaceAsync(line, limits, closing).ConfigureAwait(false);
        if (place is not null)
        {
            task.Hold(() =>
            {
                line.Release(place);
                _slots.Leave(key);
            });
            return true;
        }
        _slots.Leave(key);
        closing.ThrowIfCancellationRequested();
        await GoAroundAsync(task, trip, closing).ConfigureAwait(false);
        return false;
    }

    /// <summary>Sends it back into the broker for a time that grows with each trip.</summary>
    private ValueTask GoAroundAsync(AdmittedTask task, LimitTrip trip, CancellationToken closing)
    {
        var longest = TimeSpan.FromSeconds(Math.Min(s_longestTrip.TotalSeconds, 2 * Math.Pow(2, Math.Min(trip.Count, 10))));
        return DeferAsync(task, longest * (0.5 + Random.Shared.NextDouble() / 2), trip with { Count = trip.Count + 1 }, closing);
    }

    private async ValueTask<string?> TakePlaceAsync(SlotLine line, TaskLimits limits, CancellationToken closing)
    {
        if (!_broker.Capabilities.Delay)
        {
            return await line.TakeAsync(Timeout.InfiniteTimeSpan, closing).ConfigureAwait(false);
        }
        // Of each limit as many wait here as places may come free at once, so that those are taken promptly.
        var mayWait = line.Waiting < Math.Max(1, Math.Min(limits.Concurrency, Room / 2)) && TryEnter();
        try
        {
            return await line.TakeAsync(mayWait ? s_longestWait : TimeSpan.Zero, closing).ConfigureAwait(false);
        }
        finally
        {
            Leave(mayWait);
        }
    }

    private async ValueTask<bool> PassRateAsync(AdmittedTask task, TaskLimits limits, string key, LimitTrip trip, CancellationToken closing)
    {
        var line = _rates.Enter(key, () => new RateLine(_state, _work, key, limits.Interval!.Value, _time, _stop.Token));
        try
        {
            while (true)
            {
                var patience = _broker.Capabilities.Delay ? s_shortWait : Timeout.InfiniteTimeSpan;
                if (await line.TakeAsync(trip.Turn, patience, closing).ConfigureAwait(false) is not { } turn)
                {
                    closing.ThrowIfCancellationRequested();
                    await GoAroundAsync(task, trip, closing).ConfigureAwait(false);
                    return false;
                }
                if (turn is { At: not null } && await TryWaitAsync(turn.Wait, closing).ConfigureAwait(false))
                {
                    return true;
                }
                // Without a turn: a look now and then, so that what is taken back or purged does not hold up the rest for long.
                var wait = turn.At is null ? RateBucket.Horizon * (0.5 + Random.Shared.NextDouble() / 2) : turn.Wait;
                if (_broker.Capabilities.Delay)
                {
                    await DeferAsync(task, wait, trip with { Turn = turn.At }, closing).ConfigureAwait(false);
                    return false;
                }
                await Task.Delay(wait, _time, closing).ConfigureAwait(false);
            }
        }
        finally
        {
            _rates.Leave(key);
        }
    }

    /// <summary>Waits here; false where the task is better off in the broker.</summary>
    private async ValueTask<bool> TryWaitAsync(TimeSpan wait, CancellationToken closing)
    {
        if (wait <= TimeSpan.Zero)
        {
            return true;
        }
        var isShort = wait <= s_blink || !_broker.Capabilities.Delay;
        var entered = !isShort && wait <= s_shortWait && TryEnter();
        if (!isShort && !entered)
        {
            return false;
        }
        try
        {
            // Rather late than early, which a timer may be by a little.
            await Task.Delay(wait + TimeSpan.FromMilliseconds(1), _time, closing).ConfigureAwait(false);
            return true;
        }
        finally
        {
            Leave(entered);
        }
    }

    /// <summary>How many of the fetched messages may wait here for a limit: the rest is for tasks that can run.</summary>
    private int Room => _fetched() / 4;

    private bool TryEnter()
    {
        if (Interlocked.Increment(ref _waiting) <= Room)
        {
            return true;
        }
        Interlocked.Decrement(ref _waiting);
        return false;
    }

    private void Leave(bool entered)
    {
        if (entered)
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async ValueTask DeferAsync(AdmittedTask task, TimeSpan delay, LimitTrip trip, CancellationToken closing)
    {
        Log.LimitDeferred(_log, task.Request.Task, task.Request.Id, task.Delivery.Queue, delay);
        // What is on its way is not broken off at once when the worker stops, or there might be two.
        using var giveUp = new CancellationTokenSource();
        using var _ = closing.Register(static source => ((CancellationTokenSource)source!).CancelAfter(s_goodbye), giveUp);
        await Defer(task, _time.GetUtcNow() + delay, trip.ToHeader(), giveUp.Token).ConfigureAwait(false);
    }
}
