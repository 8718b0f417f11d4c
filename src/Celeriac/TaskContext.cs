using System.Text.Json.Nodes;

namespace Celeriac;

/// <summary>What a running task may ask about itself and do. Declare a parameter of this type to get it.</summary>
public sealed class TaskContext
{
    private readonly ITaskOperations _operations;
    private ProgressThrottle? _progress;

    internal TaskContext(TaskRequest request, ITaskOperations operations, string node, CancellationToken cancellationToken)
    {
        Request = request;
        _operations = operations;
        Node = node;
        CancellationToken = cancellationToken;
    }

    /// <summary>The decoded message.</summary>
    public TaskRequest Request { get; }
    /// <summary>The task's id.</summary>
    public string Id => Request.Id;
    /// <summary>The task's name.</summary>
    public string Name => Request.Task;
    /// <summary>How many retries came before this run; 0 for the first.</summary>
    public int Retries => Request.Retries;
    /// <summary>The worker's node name.</summary>
    public string Node { get; }
    /// <summary>Fires when the run should stop.</summary>
    public CancellationToken CancellationToken { get; }
    /// <summary>Why <see cref="CancellationToken"/> has fired.</summary>
    public CancellationReason CancellationReason => CancellationToken.IsCancellationRequested ? Run?.Reason ?? CancellationReason.SoftTimeLimit : CancellationReason.None;

    /// <summary>Who knows why the run should stop; null where nobody does.</summary>
    internal ICancelledRun? Run { get; init; }

    /// <summary>
    /// Makes the exception that asks for another run with the same id; throw it: <c>throw context.Retry(error)</c>.
    /// Over the limit the task fails with <paramref name="cause"/>, or with <c>MaxRetriesExceededError</c> where there is none.
    /// </summary>
    /// <param name="cause">Why; it is shown with the state RETRY.</param>
    /// <param name="countdown">How long to wait; default what the cause says (<see cref="IRetryAfter"/>), else the task's own retry delay.</param>
    /// <param name="maxRetries">How often; default the task's own limit; −1 for no limit.</param>
    /// <param name="eta">Not before this time; wins over <paramref name="countdown"/>.</param>
    /// <param name="queue">Another queue for the next run; default the one it came from.</param>
    /// <param name="priority">Another priority for the next run; default the one it came with.</param>
    public TaskRetryException Retry(
        Exception? cause = null, TimeSpan? countdown = null, int? maxRetries = null, DateTimeOffset? eta = null, string? queue = null, byte? priority = null) =>
        new(Request, cause, countdown, maxRetries) { Eta = eta, Queue = queue, Priority = priority };

    /// <summary>Writes a state of the task's own (Celery's <c>update_state</c>), for example PROGRESS with a record of how far it is.</summary>
    /// <exception cref="ArgumentException">The state is one of Celery's final states.</exception>
    public ValueTask UpdateStateAsync<T>(string state, T meta, CancellationToken cancellationToken = default) =>
        _operations.UpdateStateAsync(Request, state, TaskJson.Encode(meta), cancellationToken);

    /// <summary>
    /// Says how far the run is: state PROGRESS with <c>current</c>, <c>total</c> and <c>description</c>, as Celery's users write it, and an event <c>task-progress</c> where
    /// task events are on. The caller reads it with <c>AsyncResult.ReadProgressAsync</c>. Call it as often as you like: at most ten a second are written, and the one that
    /// reaches the total. A store that is away is logged and costs the task nothing.
    /// </summary>
    /// <param name="current">How much is done.</param>
    /// <param name="total">How much there is; 0 where that is not known.</param>
    /// <param name="description">What is being done.</param>
    /// <param name="cancellationToken">Default the run's own.</param>
    public ValueTask ReportProgressAsync(long current, long total, string? description = null, CancellationToken cancellationToken = default) => _operations.ReportProgressAsync(
        Request,
        new TaskProgress(current, total, description),
        LazyInitializer.EnsureInitialized(ref _progress, static () => new ProgressThrottle()),
        cancellationToken.CanBeCanceled ? cancellationToken : CancellationToken);

    /// <summary>
    /// Saves a small state under the task's id, to be found again by <see cref="ReadCheckpointAsync{T}"/> after a retry, a redelivery or a restart, on any worker.
    /// A later one replaces it; it is deleted when the task ends for good, and at the latest 7 days after it was saved.
    /// </summary>
    /// <exception cref="ArgumentException">The value has more than 64 KiB as JSON.</exception>
    /// <exception cref="SharedStateException">There is no shared state (<see cref="CeleriacOptions.StateStore"/>).</exception>
    public ValueTask SaveCheckpointAsync<T>(T value, CancellationToken cancellationToken = default) =>
        _operations.SaveCheckpointAsync(Request, TaskJson.Encode(value), cancellationToken);

    /// <summary>What <see cref="SaveCheckpointAsync{T}"/> has saved last, in this run or an earlier one; the type's default where nothing was.</summary>
    /// <exception cref="SharedStateException">There is no shared state (<see cref="CeleriacOptions.StateStore"/>).</exception>
    /// <exception cref="System.Text.Json.JsonException">What was saved does not fit the type.</exception>
    public async ValueTask<T?> ReadCheckpointAsync<T>(CancellationToken cancellationToken = default) =>
        await _operations.ReadCheckpointAsync(Request, cancellationToken).ConfigureAwait(false) is { } saved ? TaskJson.Decode<T>(saved.Span) : default;

    /// <summary>
    /// Sends an event of the task's own (Celery's <c>send_event</c>), for example <c>task-progress</c>; it carries the task's id as <c>uuid</c>. Monitors show the name of
    /// an event of group <c>task</c> as the task's state. Returns at once and never fails for the broker's sake.
    /// </summary>
    /// <param name="type">The type, <c>group-name</c>.</param>
    /// <param name="fields">What it tells.</param>
    /// <exception cref="ArgumentException">The type is not of that form, or a field has the name of one that every event has.</exception>
    public void SendEvent(string type, JsonObject? fields = null) => _operations.SendEvent(Request, type, fields);
}

/// <summary>A run that may be told to stop; implemented in Working.</summary>
internal interface ICancelledRun
{
    /// <summary>Why, where it was.</summary>
    CancellationReason Reason { get; }
}

/// <summary>What <see cref="TaskContext"/> needs from the worker; implemented in Working.</summary>
internal interface ITaskOperations
{
    ValueTask UpdateStateAsync(TaskRequest request, string state, ReadOnlyMemory<byte> meta, CancellationToken cancellationToken);

    ValueTask ReportProgressAsync(TaskRequest request, TaskProgress progress, ProgressThrottle throttle, CancellationToken cancellationToken);

    void SendEvent(TaskRequest request, string type, JsonObject? fields);

    ValueTask SaveCheckpointAsync(TaskRequest request, ReadOnlyMemory<byte> json, CancellationToken cancellationToken);

    ValueTask<ReadOnlyMemory<byte>?> ReadCheckpointAsync(TaskRequest request, CancellationToken cancellationToken);
}
