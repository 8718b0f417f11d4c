using System.Text.Json;
using System.Text.Json.Nodes;
using Celeriac.Control;
using Celeriac.Messaging;

namespace Celeriac;

/// <summary>Questions to running workers, C# and Python alike: <c>client.Inspect</c>. Every method answers what each node has said within the timeout.</summary>
/// <param name="client">Whose broker.</param>
public sealed class RemoteInspect(TaskClient client)
{
    /// <summary>The tasks that run.</summary>
    /// <param name="safe">True asks for arguments as shortened text.</param>
    /// <param name="options">Whom it is for and how long to wait; null for all nodes and one second.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TransportRefusedException">The broker has no fanout exchanges, which remote control needs.</exception>
    /// <exception cref="TransportException">The broker cannot be reached.</exception>
    public ValueTask<IReadOnlyList<NodeReply<IReadOnlyList<RemoteTask>>>> ActiveAsync(bool safe = false, ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        AskAsync("active", new JsonObject { ["safe"] = safe }, ListOf(RemoteTask.Read), options, cancellationToken);

    /// <summary>The tasks that were received and do not run yet.</summary>
    public ValueTask<IReadOnlyList<NodeReply<IReadOnlyList<RemoteTask>>>> ReservedAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        AskAsync("reserved", null, ListOf(RemoteTask.Read), options, cancellationToken);

    /// <summary>The tasks that wait in workers for their time.</summary>
    public ValueTask<IReadOnlyList<NodeReply<IReadOnlyList<RemoteScheduledTask>>>> ScheduledAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        AskAsync("scheduled", null, ListOf(RemoteScheduledTask.Read), options, cancellationToken);

    /// <summary>The ids that are revoked.</summary>
    public ValueTask<IReadOnlyList<NodeReply<IReadOnlyList<string>>>> RevokedAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        AskAsync("revoked", null, ListOf(Text), options, cancellationToken);

    /// <summary>The tasks that workers know, each with those of the given attributes that are set.</summary>
    /// <param name="attributes">Celery's attribute names, for example <c>max_retries</c>; none for the usual ones.</param>
    /// <param name="options">Whom it is for and how long to wait; null for all nodes and one second.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<IReadOnlyList<NodeReply<IReadOnlyList<string>>>> RegisteredAsync(IEnumerable<string>? attributes = null, ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        AskAsync("registered", new JsonObject { ["taskinfoitems"] = ArrayOf(attributes ?? []) }, ListOf(Text), options, cancellationToken);

    /// <summary>Where tasks are, by their ids; nodes that do not hold any answer an empty map.</summary>
    public ValueTask<IReadOnlyList<NodeReply<IReadOnlyDictionary<string, RemoteTaskState>>>> QueryTaskAsync(IEnumerable<string> taskIds, ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        AskAsync<IReadOnlyDictionary<string, RemoteTaskState>>("query_task", new JsonObject { ["ids"] = ArrayOf(taskIds) }, value => value.EnumerateObject().ToDictionary(
            entry => entry.Name, entry => new RemoteTaskState(Text(entry.Value[0]), RemoteTask.Read(entry.Value[1])), StringComparer.Ordinal), options, cancellationToken);

    /// <summary>The queues that workers consume.</summary>
    public ValueTask<IReadOnlyList<NodeReply<IReadOnlyList<RemoteQueue>>>> ActiveQueuesAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        AskAsync("active_queues", null, ListOf(RemoteQueue.Read), options, cancellationToken);

    /// <summary>Counts, concurrency, broker and resources of workers (CELERY-PROTOCOL section 15.4).</summary>
    public ValueTask<IReadOnlyList<NodeReply>> StatsAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        AskAsync("stats", null, options, cancellationToken);

    /// <summary>The settings of workers, by Celery's names.</summary>
    /// <param name="withDefaults">True asks also for those that are as they are by default.</param>
    /// <param name="options">Whom it is for and how long to wait; null for all nodes and one second.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<IReadOnlyList<NodeReply>> ConfAsync(bool withDefaults = false, ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        AskAsync("conf", new JsonObject { ["with_defaults"] = withDefaults }, options, cancellationToken);

    /// <summary>What a bug report should say of workers, as text under <c>ok</c>.</summary>
    public ValueTask<IReadOnlyList<NodeReply>> ReportAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        AskAsync("report", null, options, cancellationToken);

    /// <summary>The logical clocks of workers.</summary>
    public ValueTask<IReadOnlyList<NodeReply<long>>> ClockAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        AskAsync("clock", null, value => value.GetProperty("clock"u8).GetInt64(), options, cancellationToken);

    /// <summary>Which workers are there.</summary>
    public ValueTask<IReadOnlyList<NodeReply>> PingAsync(ControlOptions? options = null, CancellationToken cancellationToken = default) =>
        AskAsync("ping", null, options, cancellationToken);

    private ValueTask<IReadOnlyList<NodeReply>> AskAsync(string command, JsonObject? arguments, ControlOptions? options, CancellationToken cancellationToken) =>
        new Broadcast(client, command, arguments, options ?? ControlOptions.Default).AskAsync(told: null, cancellationToken);

    private async ValueTask<IReadOnlyList<NodeReply<T>>> AskAsync<T>(string command, JsonObject? arguments, Func<JsonElement, T> read, ControlOptions? options, CancellationToken cancellationToken) =>
        [.. (await AskAsync(command, arguments, options, cancellationToken).ConfigureAwait(false)).Select(reply => Read(reply, read))];

    private static NodeReply<T> Read<T>(NodeReply reply, Func<JsonElement, T> read)
    {
        if (reply.Error is { } error)
        {
            return new(reply.Node, default, error);
        }
        try
        {
            return new(reply.Node, read(reply.Value), null);
        }
        catch (Exception unlike) when (unlike is FormatException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            return new(reply.Node, default, $"The answer of node '{reply.Node}' has another shape than Celery's: {unlike.Message}");
        }
    }

    private static Func<JsonElement, IReadOnlyList<T>> ListOf<T>(Func<JsonElement, T> read) => value => [.. value.EnumerateArray().Select(read)];

    private static string Text(JsonElement value) => value.GetString() ?? "";

    private static JsonArray ArrayOf(IEnumerable<string> texts) => [.. texts.Select(text => (JsonNode?)text)];
}
