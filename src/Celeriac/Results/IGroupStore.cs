namespace Celeriac;

/// <summary>Where groups are saved, so that another process can wait for their members: Celery's <c>celery-taskset-meta-ID</c>. Accepted by the suite in <c>Celeriac.Conformance</c>.</summary>
public interface IGroupStore
{
    /// <summary>The saved group as JSON, in Celery's form <c>{"result": [[id, parent], [member, …]]}</c>; empty where nothing is saved under the id, or not any more.</summary>
    ValueTask<ReadOnlyMemory<byte>> ReadAsync(string groupId, CancellationToken cancellationToken = default);

    /// <summary>Saves a group for as long as results are kept. What was saved under the id is replaced.</summary>
    /// <param name="groupId">The group's id.</param>
    /// <param name="json">The group in Celery's form.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    ValueTask WriteAsync(string groupId, ReadOnlyMemory<byte> json, CancellationToken cancellationToken = default);

    /// <summary>Deletes what is saved under the id; the results of the members stay.</summary>
    ValueTask DeleteAsync(string groupId, CancellationToken cancellationToken = default);
}
