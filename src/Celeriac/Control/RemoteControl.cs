using System.Text;
using System.Text.Json.Nodes;
using Celeriac.Control;
using Celeriac.Messaging;
using Celeriac.SharedState;

namespace Celeriac;

/// <summary>
/// Commands to running workers, C# and Python alike: <c>client.Control</c>. A command reaches the workers that listen at the moment and no others.
/// Every method answers what each node has said within the timeout.
/// </summary>
/// <param name="client">Whose broker.</param>
public sealed class RemoteControl(TaskClient client)
{
    /// <summary>Sends a command and collects its answers.</summary>
    /// <param name="command">The command: one of Celery's, or one of your own.</param>
    /// <param name="arguments">Its arguments; null for none.</param>
    /// <param name="options">Whom it is for and how long to wait; null for all nodes and one second.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TransportRefusedException">The broker has no fanout exchanges, which remote control needs.</exception>
    /// <exception cref="TransportException">The broker cannot be reached.</exception>
    public async ValueTask<IReadOnlyList<NodeReply>> BroadcastAsync(string command, JsonObject? arguments = null, ControlOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(command);
        return await new Broadcast(client, command, arguments, options ?? ControlOptions.Default).AskAsync(told: null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a command without waiting for answers; none are sent.</summary>
    /// <inheritdoc cref="BroadcastAsync"/>
    public ValueTask SendAsync(string command, JsonObject? arguments = null, ControlOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(command);
        return new Broadcast(client, command, arguments, options ?? ControlOptions.Default).TellAsync(cancellationToken);
    }

    /// <summary>Which workers are there.</summary>
    /// <inheritdoc cref="BroadcastAsync"/>
    public ValueTask<IReadOnlyList<NodeReply>> PingAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync("ping", null, options, cancellationToken);

    /// <summary>Takes a task back: workers that get it do not run it.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="terminate">True also ends it where it runs: a C# worker fires its cancellation token, a Python worker kills the process that runs it.</param>
    /// <param name="signal">The signal that a Python worker kills with.</param>
    /// <param name="options">Whom it is for and how long to wait; null for all nodes and one second.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<IReadOnlyList<NodeReply>> RevokeAsync(string taskId, bool terminate = false, string signal = "SIGTERM", ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        RevokeAsync([taskId], terminate, signal, options, cancellationToken);

    /// <summary>Takes tasks back.</summary>
    /// <inheritdoc cref="RevokeAsync(string, bool, string, ControlOptions?, CancellationToken)"/>
    public ValueTask<IReadOnlyList<NodeReply>> RevokeAsync(
        IEnumerable<string> taskIds, bool terminate = false, string signal = "SIGTERM", ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync("revoke", new JsonObject { ["task_id"] = ArrayOf(taskIds), ["terminate"] = terminate, ["signal"] = signal }, options, cancellationToken);

    /// <summary>Takes back every task that bears one of these stamps (Celery 5.3 and later, and C# workers).</summary>
    public ValueTask<IReadOnlyList<NodeReply>> RevokeByStampedHeadersAsync(
        IReadOnlyDictionary<string, IReadOnlyList<string>> stamps, bool terminate = false, string signal = "SIGTERM", ControlOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stamps);
        var headers = new JsonObject(stamps.Select(stamp => KeyValuePair.Create<string, JsonNode?>(stamp.Key, ArrayOf(stamp.Value))));
        return BroadcastAsync("revoke_by_stamped_headers", new JsonObject { ["headers"] = headers, ["terminate"] = terminate, ["signal"] = signal }, options, cancellationToken);
    }

    /// <summary>Changes how often a task may start in each worker.</summary>
    /// <param name="taskName">The task.</param>
    /// <param name="rateLimit">For example <c>10/m</c>; null or <c>0</c> for no limit.</param>
    /// <param name="options">Whom it is for and how long to wait; null for all nodes and one second.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<IReadOnlyList<NodeReply>> RateLimitAsync(string taskName, string? rateLimit, ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync("rate_limit", new JsonObject { ["task_name"] = taskName, ["rate_limit"] = rateLimit }, options, cancellationToken);

    /// <summary>Changes a task's time limits; null for none.</summary>
    public ValueTask<IReadOnlyList<NodeReply>> TimeLimitAsync(string taskName, TimeSpan? soft, TimeSpan? hard, ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync("time_limit", new JsonObject { ["task_name"] = taskName, ["hard"] = hard?.TotalSeconds, ["soft"] = soft?.TotalSeconds }, options, cancellationToken);

    /// <summary>Lets workers consume one queue more.</summary>
    public ValueTask<IReadOnlyList<NodeReply>> AddConsumerAsync(
        string queue, string? exchange = null, string exchangeType = "direct", string? routingKey = null, ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync("add_consumer", new JsonObject { ["queue"] = queue, ["exchange"] = exchange, ["exchange_type"] = exchangeType, ["routing_key"] = routingKey }, options, cancellationToken);

    /// <summary>Lets workers consume one queue less.</summary>
    public ValueTask<IReadOnlyList<NodeReply>> CancelConsumerAsync(string queue, ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync("cancel_consumer", new JsonObject { ["queue"] = queue }, options, cancellationToken);

    /// <summary>
    /// Pauses a queue for all C# workers, those that start later included: within about a second they fetch nothing more of it and give back what they have not
    /// begun; what runs ends. Kept in shared state until <see cref="ResumeAsync"/>. Python workers know nothing of it.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False where it was paused already.</returns>
    /// <exception cref="SharedStateException">There is no shared state.</exception>
    /// <exception cref="TransportException">Shared state cannot be reached.</exception>
    public ValueTask<bool> PauseAsync(string queue, CancellationToken cancellationToken = default) => PauseAsync(queue, paused: true, cancellationToken);

    /// <summary>Ends a pause: the workers fetch from the queue again within about a second.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False where it was not paused.</returns>
    /// <exception cref="SharedStateException">There is no shared state.</exception>
    /// <exception cref="TransportException">Shared state cannot be reached.</exception>
    public ValueTask<bool> ResumeAsync(string queue, CancellationToken cancellationToken = default) => PauseAsync(queue, paused: false, cancellationToken);

    /// <summary>The queues that are paused; empty where there is no shared state.</summary>
    /// <exception cref="TransportException">Shared state cannot be reached.</exception>
    public async ValueTask<IReadOnlyList<string>> PausedAsync(CancellationToken cancellationToken = default) =>
        client.State is { } store ? await PausedQueues.ReadAsync(store, cancellationToken).ConfigureAwait(false) : [];

    private async ValueTask<bool> PauseAsync(string queue, bool paused, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(queue);
        if (Encoding.UTF8.GetByteCount(queue) > 255 || queue.Any(char.IsControl))
        {
            throw new ArgumentException($"A queue of {queue.Length} characters cannot be paused: a queue's name has 1–255 bytes without control characters.", nameof(queue));
        }
        var updates = client.SharedState.Require($"A pause of queue '{queue}'");
        return (await PausedQueues.ChangeAsync(updates, [queue], paused, cancellationToken).ConfigureAwait(false)).Count > 0;
    }

    /// <summary>Lets workers run more tasks at once.</summary>
    public ValueTask<IReadOnlyList<NodeReply>> PoolGrowAsync(int number = 1, ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync("pool_grow", new JsonObject { ["n"] = number }, options, cancellationToken);

    /// <summary>Lets workers run fewer tasks at once; what runs is not disturbed.</summary>
    public ValueTask<IReadOnlyList<NodeReply>> PoolShrinkAsync(int number = 1, ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync("pool_shrink", new JsonObject { ["n"] = number }, options, cancellationToken);

    /// <summary>Changes the bounds of workers that run with autoscale; others answer an error.</summary>
    public ValueTask<IReadOnlyList<NodeReply>> AutoscaleAsync(int maximum, int minimum, ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync("autoscale", new JsonObject { ["max"] = maximum, ["min"] = minimum }, options, cancellationToken);

    /// <summary>Switches task events on.</summary>
    public ValueTask<IReadOnlyList<NodeReply>> EnableEventsAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync("enable_events", null, options, cancellationToken);

    /// <summary>Switches task events off.</summary>
    public ValueTask<IReadOnlyList<NodeReply>> DisableEventsAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync("disable_events", null, options, cancellationToken);

    /// <summary>Asks for a heartbeat now.</summary>
    public ValueTask<IReadOnlyList<NodeReply>> HeartbeatAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync("heartbeat", null, options, cancellationToken);

    /// <summary>Stops workers gracefully. They do not answer, so nothing is waited for.</summary>
    public ValueTask ShutdownAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) => SendAsync("shutdown", null, options, cancellationToken);

    private static JsonArray ArrayOf(IEnumerable<string> texts) => [.. texts.Select(text => (JsonNode?)text)];
}
