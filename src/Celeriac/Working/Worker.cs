using System.Threading.Channels;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Sending;
using Celeriac.Working;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac;

/// <summary>
/// Consumes queues and runs tasks: one loop receives and admits, runners take from a channel whose depth the prefetch bounds.
/// </summary>
public sealed class Worker
{
    private static readonly TimeSpan s_longestReceiveDelay = TimeSpan.FromSeconds(10);
    // What a cancelled task gets to clean up before its message goes back.
    private static readonly TimeSpan s_lastGrace = TimeSpan.FromSeconds(2);

    private readonly TaskClient _client;
    private readonly WorkerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly OutcomeHandler _outcomes;
    private readonly TaskOperations _operations;
    private readonly Admission _admission;
    private readonly IServiceProvider? _services;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<ISubscription> _subscriptions = [];
    private int _running;
    private volatile bool _draining;

    /// <summary>Creates a worker.</summary>
    /// <param name="client">Where it receives, and what its tasks send with.</param>
    /// <param name="registry">The tasks it knows.</param>
    /// <param name="options">How it works.</param>
    /// <param name="shared">What it shares with the client.</param>
    /// <param name="services">Where instance tasks get their services; null for none.</param>
    /// <param name="logs">Where it logs.</param>
    /// <param name="time">The clock.</param>
    public Worker(
        TaskClient client, TaskRegistry registry, WorkerOptions options, CeleriacOptions shared, IServiceProvider? services = null,
        ILoggerFactory? logs = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(shared);
        _client = client;
        _options = options;
        _services = services;
        _time = time ?? TimeProvider.System;
        _log = (logs ?? NullLoggerFactory.Instance).CreateLogger("Celeriac.Worker");
        Queues = options.Queues.Count > 0 ? [.. options.Queues.Distinct(StringComparer.Ordinal)] : [client.DefaultQueue];
        Node = NodeName.Expand(options.NodeName);
        _outcomes = new OutcomeHandler(client.Transport, client.Results, client.Queues, Node, _time, _log);
        _operations = new TaskOperations(client.Results);
        var limits = DecodeLimits.Default with { Contents = TaskContents.Of(shared).Accepted };
        _admission = new Admission(registry, _outcomes, options, limits, client.Transport, Node, _time, _log);
    }

    /// <summary>The node name.</summary>
    public string Node { get; }

    /// <summary>The queues it consumes.</summary>
    public IReadOnlyList<string> Queues { get; }

    /// <summary>Ends when the worker first consumes.</summary>
    public Task Ready => _ready.Task;

    /// <summary>How many tasks run now.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>
    /// Works until <paramref name="stop"/> fires, then stops fetching, lets running tasks finish within the shutdown timeout and gives the rest back.
    /// </summary>
    /// <param name="stop">Stops gracefully (Celery's warm shutdown).</param>
    /// <param name="stopNow">Cancels running tasks without waiting for the shutdown timeout and gives their messages back (Celery's cold shutdown).</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken stopNow = default)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stop, stopNow);
        var admitted = Channel.CreateUnbounded<AdmittedTask>(new UnboundedChannelOptions { SingleWriter = true });
        using var threads = new SynchronousThreads(_options.SynchronousConcurrency);
        using var cancelTasks = CancellationTokenSource.CreateLinkedTokenSource(stopNow);
        using var giveUp = new CancellationTokenSource();
        var runner = new TaskRunner(_client, _services, _operations, threads, Node, _time, _log);
        var runners = Enumerable.Range(0, _options.Concurrency)
            .Select(_ => RunTasksAsync(runner, admitted.Reader, cancelTasks.Token, giveUp.Token, stop)).ToArray();
        try
        {
            await ReceiveAsync(admitted.Writer, stopping.Token, giveUp.Token).ConfigureAwait(false);
        }
        finally
        {
            _draining = true;
            admitted.Writer.Complete();
            await DrainAsync(runners, cancelTasks, giveUp, stopNow).ConfigureAwait(false);
        }
    }

    /// <summary>Hop 5: pull, admit, hand to a runner.</summary>
    private async Task ReceiveAsync(ChannelWriter<AdmittedTask> admitted, CancellationToken stop, CancellationToken giveUp)
    {
        ISubscription? subscription = null;
        var delay = TimeSpan.FromMilliseconds(100);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                subscription ??= await SubscribeAsync(stop).ConfigureAwait(false);
                if (await subscription.ReceiveAsync(stop).ConfigureAwait(false) is not { } delivery)
                {
                    return;
                }
                delay = TimeSpan.FromMilliseconds(100);
                if (await _admission.AdmitAsync(delivery, giveUp).ConfigureAwait(false) is { } task)
                {
                    await admitted.WriteAsync(task, CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (TransportException error)
            {
                Log.ReceiveFailed(_log, error, Node, delay);
                // A refusal means that a queue is gone: subscribe anew. The old subscription keeps the lease of what still runs.
                subscription = error is TransportRefusedException ? null : subscription;
                await Task.Delay(delay, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                delay = delay * 2 < s_longestReceiveDelay ? delay * 2 : s_longestReceiveDelay;
            }
        }
    }

    private async ValueTask<ISubscription> SubscribeAsync(CancellationToken cancellationToken)
    {
        foreach (var queue in Queues)
        {
            _client.Queues.Forget(queue);
            await _client.Queues.EnsureAsync(queue, cancellationToken).ConfigureAwait(false);
        }
        var prefetch = _options.MessagesAhead;
        var subscription = await _client.Transport.SubscribeAsync(new SubscriptionOptions(Queues, prefetch) { ConsumerName = Node }, cancellationToken).ConfigureAwait(false);
        _subscriptions.Add(subscription);
        Log.WorkerReady(_log, Node, string.Join(", ", Queues), _options.Concurrency, _client.Transport.Name);
        _ready.TrySetResult();
        return subscription;
    }

    private async Task RunTasksAsync(TaskRunner runner, ChannelReader<AdmittedTask> admitted, CancellationToken cancelTasks, CancellationToken giveUp, CancellationToken stop)
    {
        await foreach (var task in admitted.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            // From the signal on nothing is begun, even before the receive loop has noticed it.
            if (_draining || stop.IsCancellationRequested)
            {
                await _outcomes.ReturnAsync(task, giveUp).ConfigureAwait(false);
                continue;
            }
            Interlocked.Increment(ref _running);
            await RunTaskAsync(runner, task, cancelTasks, giveUp).ConfigureAwait(false);
            Interlocked.Decrement(ref _running);
        }
    }

    /// <summary>Hops 6 to 8: run, decide, apply.</summary>
    private async Task RunTaskAsync(TaskRunner runner, AdmittedTask task, CancellationToken cancelTasks, CancellationToken giveUp)
    {
        if (task.Request.Eta is { } eta && eta - _time.GetUtcNow() is var wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, _time, cancelTasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (!task.AcksLate)
        {
            await _outcomes.AcknowledgeEarlyAsync(task, giveUp).ConfigureAwait(false);
        }
        if (task.Definition.Options.TrackStarted ?? _options.TrackStarted)
        {
            await _operations.MarkStartedAsync(task.Request, Node, _log, giveUp).ConfigureAwait(false);
        }
        var running = new RunningTask(task.Request.Id, task.Request.RootId ?? task.Request.Id);
        var started = _time.GetTimestamp();
        var outcome = await runner.RunAsync(task, running, cancelTasks).ConfigureAwait(false);
        await _outcomes.ApplyAsync(task, outcome, running.Children, _time.GetElapsedTime(started), giveUp).ConfigureAwait(false);
    }

    private async Task DrainAsync(Task[] runners, CancellationTokenSource cancelTasks, CancellationTokenSource giveUp, CancellationToken stopNow)
    {
        Log.WorkerStopping(_log, Node, Running, _options.ShutdownTimeout);
        foreach (var subscription in _subscriptions)
        {
            await subscription.CancelAsync(CancellationToken.None).ConfigureAwait(false);
        }
        var finished = Task.WhenAll(runners);
        if (!await EndsWithinAsync(finished, _options.ShutdownTimeout, stopNow).ConfigureAwait(false))
        {
            Log.WorkerCancels(_log, Node, Running);
            await cancelTasks.CancelAsync().ConfigureAwait(false);
            await EndsWithinAsync(finished, s_lastGrace, CancellationToken.None).ConfigureAwait(false);
        }
        await giveUp.CancelAsync().ConfigureAwait(false);
        foreach (var subscription in _subscriptions)
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
        }
        Log.WorkerStopped(_log, Node);
    }

    private async ValueTask<bool> EndsWithinAsync(Task task, TimeSpan limit, CancellationToken stopNow)
    {
        try
        {
            await task.WaitAsync(limit, _time, stopNow).ConfigureAwait(false);
            return true;
        }
        catch (Exception error) when (error is TimeoutException || stopNow.IsCancellationRequested)
        {
            return false;
        }
    }
}
