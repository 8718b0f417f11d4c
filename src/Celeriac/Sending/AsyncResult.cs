using System.Text;
using Celeriac.Canvas;
using Celeriac.Protocol;
using Celeriac.Sending;

namespace Celeriac;

/// <summary>A task that was sent: its id, and where its result will be.</summary>
public class AsyncResult
{
    private readonly string? _queue;

    /// <summary>The result of a task by its id.</summary>
    public AsyncResult(string id, IResultStore results) : this(id, results, queue: null)
    {
    }

    internal AsyncResult(string id, IResultStore results, string? queue)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        Id = id;
        Results = results;
        _queue = queue;
    }

    /// <summary>The task's id.</summary>
    public string Id { get; }

    /// <summary>
    /// True where the call was not sent, because an equal call of a unique task was under way: this is the result of that one. See <see cref="TaskAttribute.Unique"/>.
    /// </summary>
    public bool IsDuplicate { get; internal init; }

    /// <summary>The result of the task before it in its chain; null for the first, and where it was made from an id.</summary>
    public AsyncResult? Parent { get; internal init; }

    /// <summary>The group, where what was sent is one, or a chain that ends in one; else null.</summary>
    public GroupResult? Group { get; internal init; }

    /// <summary>The client it came from; null where it was made from an id and a store.</summary>
    internal TaskClient? Client { get; init; }

    /// <summary>Where the result will be.</summary>
    protected internal IResultStore Results { get; }

    /// <summary>The state by Celery's name: PENDING, STARTED, RETRY, SUCCESS, FAILURE, REVOKED, or a task's own.</summary>
    public async ValueTask<string> StateAsync(CancellationToken cancellationToken = default) =>
        (await RecordAsync(cancellationToken).ConfigureAwait(false))?.Status ?? TaskStates.Pending;

    /// <summary>How far the task is, where it says so with <see cref="TaskContext.ReportProgressAsync"/> or as Python's tasks do; null in every other state.</summary>
    public async ValueTask<TaskProgress?> ReadProgressAsync(CancellationToken cancellationToken = default) =>
        (await RecordAsync(cancellationToken).ConfigureAwait(false))?.Progress;

    /// <summary>True when the task has ended, well or not.</summary>
    public async ValueTask<bool> ReadyAsync(CancellationToken cancellationToken = default) =>
        TaskStates.IsReady(await StateAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>Everything stored; null for nothing yet.</summary>
    public virtual ValueTask<ResultRecord?> RecordAsync(CancellationToken cancellationToken = default) => Group is { } group ? group.RecordAsync(cancellationToken) : Results.ReadAsync(Id, cancellationToken);

    /// <summary>The tasks that this task has sent and those that come after it, once it has ended; of a group its members.</summary>
    public async ValueTask<IReadOnlyList<AsyncResult>> ChildrenAsync(CancellationToken cancellationToken = default) => Group is { } group ? group.Members
        : await RecordAsync(cancellationToken).ConfigureAwait(false) is { Children.IsEmpty: false } record ? ResultTuple.ReadChildren(record.Children, this) : [];

    /// <summary>
    /// The workflow that this is the end of, or all that follows from this task, with the state of each, to be printed or drawn. Results are read one by one: of a long group the first members
    /// and the last, and at most a thousand in all.
    /// </summary>
    /// <param name="mostMembers">The most that are read and drawn of one group, from 3 up.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="mostMembers"/> is less than 3.</exception>
    public async ValueTask<WorkflowTree> ReadTreeAsync(int mostMembers = 20, CancellationToken cancellationToken = default) =>
        new(await new ResultTree(new TreeBounds(mostMembers)).DrawAsync(this, cancellationToken).ConfigureAwait(false));

    /// <summary>Celery's <c>as_tuple</c> as JSON, to be kept and given to <see cref="TaskClient.ResultFromTuple"/>: the id, those before it in its chain (at most 200), and the members of a group.</summary>
    public string AsTuple() => Encoding.UTF8.GetString(ResultTuple.Write(this).Span);

    /// <summary>Deletes the stored result.</summary>
    public virtual ValueTask ForgetAsync(CancellationToken cancellationToken = default) => Group is { } group ? group.ForgetAsync(cancellationToken) : Results.ForgetAsync(Id, cancellationToken);

    /// <summary>Waits until the task has ended and answers its record, also that of a failure.</summary>
    /// <param name="timeout">How long to wait; null waits until the token fires.</param>
    /// <param name="cancellationToken">Ends the wait, not the task.</param>
    /// <exception cref="TimeoutException">The task has not ended in time.</exception>
    public virtual async ValueTask<ResultRecord> WaitAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        if (Group is { } group)
        {
            return await group.WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (timeout is { } limit)
        {
            ending.CancelAfter(limit);
        }
        try
        {
            return await Results.WaitAsync(Id, ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested && ending.IsCancellationRequested)
        {
            throw new TimeoutException(InVain(timeout!.Value), error);
        }
    }

    /// <summary>The result of a task as JSON, or the exception it ended with.</summary>
    /// <exception cref="RemoteTaskException">The task failed or was revoked.</exception>
    /// <exception cref="TimeoutException">The task has not ended in time.</exception>
    /// <exception cref="InvalidOperationException">Called inside a task, where nobody allowed it with <see cref="TaskClient.AllowJoinResult"/>.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> GetJsonAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        RequireWaiting();
        return JsonOf(await WaitAsync(timeout, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Refuses to wait inside a task.</summary>
    private protected void RequireWaiting()
    {
        if (CurrentClient.MustNotWait)
        {
            throw new InvalidOperationException($"Never call result.get() within a task! The task that waits for '{Id}' holds its worker slot meanwhile; when every slot waits, nothing runs. Chain the two, or allow it with 'using (TaskClient.AllowJoinResult())'.");
        }
    }

    /// <summary>The result, or the exception.</summary>
    private protected static ReadOnlyMemory<byte> JsonOf(ResultRecord record) => record.Status == TaskStates.Success
        ? record.Result
        : throw ExceptionCodec.ToException(record.TaskId, record.Status, ExceptionCodec.Decode(record.Result.Span, record.Traceback));

    /// <inheritdoc/>
    public override string ToString() => Id;

    private string InVain(TimeSpan timeout)
    {
        var queue = _queue is null ? "its queue" : $"queue '{_queue}'";
        return Results.MayLoseResults
            ? $"No reply of task '{Id}' came within {timeout.TotalSeconds:0.###} s. It may still run, or its reply may be lost, for a broker that restarts drops replies: check that a worker consumes {queue}, or set result_backend to a store, which keeps results."
            : $"Task '{Id}' has not ended within {timeout.TotalSeconds:0.###} s. It may still run: look at its state, and check that a worker consumes {queue}.";
    }
}

/// <summary>A task that was sent, whose result type is known.</summary>
/// <typeparam name="TResult">What the task returns.</typeparam>
public sealed class AsyncResult<TResult> : AsyncResult
{
    /// <summary>The result of a task by its id.</summary>
    public AsyncResult(string id, IResultStore results) : base(id, results)
    {
    }

    internal AsyncResult(string id, IResultStore results, string? queue) : base(id, results, queue)
    {
    }

    /// <summary>Waits for the result.</summary>
    /// <param name="timeout">How long to wait; null waits until the token fires.</param>
    /// <param name="cancellationToken">Ends the wait, not the task.</param>
    /// <exception cref="RemoteTaskException">The task failed or was revoked; it carries the remote type, message and traceback as text.</exception>
    /// <exception cref="TimeoutException">The task has not ended in time.</exception>
    /// <exception cref="System.Text.Json.JsonException">The result does not fit the type.</exception>
    public async ValueTask<TResult> GetAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        RequireWaiting();
        return TaskJson.Decode<TResult>(JsonOf(await WaitAsync(timeout, cancellationToken).ConfigureAwait(false)).Span);
    }
}
