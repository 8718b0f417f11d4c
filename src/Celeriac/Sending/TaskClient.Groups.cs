using System.Text;
using System.Text.Json;
using Celeriac.Sending;

namespace Celeriac;

// Groups that outlive the process that sent them.
public sealed partial class TaskClient
{
    /// <summary>The group that <see cref="GroupResult.SaveAsync"/> has saved, or Python's <c>GroupResult.save()</c>; null where none is saved under the id, or not any more.</summary>
    /// <exception cref="InvalidOperationException">The results of this client are in a place that keeps no groups.</exception>
    /// <exception cref="JsonException">What is saved is no group.</exception>
    public async ValueTask<GroupResult?> RestoreGroupAsync(string groupId, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(groupId);
        return await RequireGroups(groupId).ReadAsync(groupId, cancellationToken).ConfigureAwait(false) is { IsEmpty: false } saved ? ResultTuple.ReadSaved(saved, this) : null;
    }

    /// <summary>The same for a group whose members return one type. Nothing checks the type before results are read.</summary>
    /// <inheritdoc cref="RestoreGroupAsync(string, CancellationToken)"/>
    public async ValueTask<GroupResult<T>?> RestoreGroupAsync<T>(string groupId, CancellationToken cancellationToken = default) =>
        await RestoreGroupAsync(groupId, cancellationToken).ConfigureAwait(false) is not { } group ? null
        : new GroupResult<T>(group.Id, this, [.. group.Members.Select(member => new AsyncResult<T>(member.Id, Results) { Client = this, Parent = member.Parent, Group = member.Group })]) { Parent = group.Parent };

    /// <summary>The result of a task or group that <see cref="AsyncResult.AsTuple"/> has written, or Python's <c>json.dumps(result.as_tuple())</c>.</summary>
    /// <exception cref="JsonException">It is no result of Celery's.</exception>
    public AsyncResult ResultFromTuple(string json)
    {
        ArgumentException.ThrowIfNullOrEmpty(json);
        return ResultTuple.Read(Encoding.UTF8.GetBytes(json), Results, this);
    }

    /// <exception cref="InvalidOperationException">There is none.</exception>
    internal IGroupStore RequireGroups(string groupId) => Results.Groups ?? throw new InvalidOperationException(
        $"Group '{groupId}' cannot be saved or restored: the results of this client are replies, which only their sender gets, or in a place that keeps no groups (rpc://, disabled://, db+postgresql://). "
        + "Set result_backend to a store that keeps them, for example redis://localhost, sqlite://results.db or postgres://….");
}
