using Celeriac.Messaging;

namespace Celeriac.Results;

/// <summary>Saved groups as documents beside the results, under the name that Celery gives them.</summary>
internal sealed class DocumentGroupStore(ITransport transport, TimeSpan expires, TimeProvider time) : IGroupStore
{
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(string groupId, CancellationToken cancellationToken = default)
    {
        await transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
        var found = await transport.Documents!.ReadAsync([KeyOf(groupId)], cancellationToken).ConfigureAwait(false);
        return found.Count > 0 ? found[0].Content : default;
    }

    public async ValueTask WriteAsync(string groupId, ReadOnlyMemory<byte> json, CancellationToken cancellationToken = default)
    {
        await transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
        var document = new Document(KeyOf(groupId), json) { ExpiresAt = expires > TimeSpan.Zero ? time.GetUtcNow() + expires : null };
        await transport.Documents!.WriteAsync([document], cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DeleteAsync(string groupId, CancellationToken cancellationToken = default)
    {
        await transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await transport.Documents!.DeleteAsync([KeyOf(groupId)], cancellationToken).ConfigureAwait(false);
    }

    private static string KeyOf(string groupId) => $"celery-taskset-meta-{groupId}";
}
