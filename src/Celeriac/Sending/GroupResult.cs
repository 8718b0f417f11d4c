using System.Buffers;
using System.Text.Json;
using Celeriac.Sending;

namespace Celeriac;

/// <summary>The results of a group that was sent: those of its members, and all together as one.</summary>
public class GroupResult : AsyncResult
{
    internal GroupResult(string id, TaskClient client, IReadOnlyList<AsyncResult> members) : this(id, client.Results, client, members)
    {
    }

    internal GroupResult(string id, IResultStore results, TaskClient? client, IReadOnlyList<AsyncResult> members) : base(id, results)
    {
        Client = client;
        Members = members;
        Group = this;
    }

    /// <summary>The results of the members, in their order.</summary>
    public IReadOnlyList<AsyncResult> Members { get; }

    /// <summary>How many members have ended, well or not; there are <see cref="Members"/>.Count.</summary>
    public async ValueTask<int> CompletedAsync(CancellationToken cancellationToken = default)
    {
        var completed = 0;
        foreach (var member in Members)
        {
            completed += await member.ReadyAsync(cancellationToken).ConfigureAwait(false) ? 1 : 0;
        }
        return completed;
    }

    /// <summary>
    /// Saves which members the group has (Celery's <c>save</c>), so that any process can wait for them with <see cref="TaskClient.RestoreGroupAsync(string, CancellationToken)"/> or
    /// with Python's <c>GroupResult.restore(id)</c>, for as long as results are kept.
    /// </summary>
    /// <exception cref="InvalidOperationException">The results of the client are in a place that keeps no groups.</exception>
    public ValueTask SaveAsync(CancellationToken cancellationToken = default) => (Client ?? TaskClient.Current).RequireGroups(Id).WriteAsync(Id, ResultTuple.WriteSaved(this), cancellationToken);

    /// <summary>Deletes what <see cref="SaveAsync"/> has saved (Celery's <c>delete</c>); the results of the members stay.</summary>
    /// <exception cref="InvalidOperationException">The results of the client are in a place that keeps no groups.</exception>
    public ValueTask DeleteAsync(CancellationToken cancellationToken = default) => (Client ?? TaskClient.Current).RequireGroups(Id).DeleteAsync(Id, cancellationToken);

    /// <summary>The array of the results once all have ended; of a group in which a member has failed, the record of the first of these; null before.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    public override async ValueTask<ResultRecord?> RecordAsync(CancellationToken cancellationToken = default)
    {
        var records = new List<ResultRecord>();
        foreach (var member in Members)
        {
            if (await member.RecordAsync(cancellationToken).ConfigureAwait(false) is not { } record || !TaskStates.IsReady(record.Status))
            {
                return null;
            }
            records.Add(record);
        }
        return Join(records);
    }

    /// <summary>Waits until all members have ended, or one in its turn is found to have failed: its record is the answer.</summary>
    /// <param name="timeout">How long to wait for all; null waits until the token fires.</param>
    /// <param name="cancellationToken">Ends the wait, not the tasks.</param>
    /// <exception cref="TimeoutException">They have not all ended in time.</exception>
    public override async ValueTask<ResultRecord> WaitAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var begun = TimeProvider.System.GetTimestamp();
        var records = new List<ResultRecord>();
        foreach (var member in Members)
        {
            var left = timeout - TimeProvider.System.GetElapsedTime(begun);
            var record = await member.WaitAsync(left < TimeSpan.Zero ? TimeSpan.Zero : left, cancellationToken).ConfigureAwait(false);
            records.Add(record);
            if (record.Status != TaskStates.Success)
            {
                return record;
            }
        }
        return Join(records);
    }

    /// <summary>Deletes the stored results of all members.</summary>
    /// <param name="cancellationToken">Ends the deleting.</param>
    public override async ValueTask ForgetAsync(CancellationToken cancellationToken = default)
    {
        foreach (var member in Members)
        {
            await member.ForgetAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private ResultRecord Join(List<ResultRecord> records)
    {
        if (records.Find(record => record.Status != TaskStates.Success) is { } failed)
        {
            return failed;
        }
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartArray();
        foreach (var record in records)
        {
            writer.WriteRawValue(record.Result.Span, skipInputValidation: true);
        }
        writer.WriteEndArray();
        writer.Flush();
        return new ResultRecord { TaskId = Id, Status = TaskStates.Success, Result = buffer.WrittenMemory, DateDone = records.Max(record => record.DateDone) };
    }
}

/// <summary>The results of a group whose members return one type.</summary>
/// <typeparam name="T">What each member returns.</typeparam>
public sealed class GroupResult<T> : GroupResult
{
    internal GroupResult(string id, TaskClient client, IReadOnlyList<AsyncResult<T>> members) : base(id, client, members) => Members = members;

    /// <summary>The results of the members, in their order.</summary>
    public new IReadOnlyList<AsyncResult<T>> Members { get; }

    /// <summary>Waits for all results (Celery's <c>join</c>), in the order of the members.</summary>
    /// <param name="timeout">How long to wait; null waits until the token fires.</param>
    /// <param name="cancellationToken">Ends the wait, not the tasks.</param>
    /// <exception cref="RemoteTaskException">A member failed or was revoked: the first of these in their order.</exception>
    /// <exception cref="TimeoutException">They have not all ended in time.</exception>
    public async ValueTask<T[]> GetAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        TaskJson.Decode<T[]>((await GetJsonAsync(timeout, cancellationToken).ConfigureAwait(false)).Span);
}
