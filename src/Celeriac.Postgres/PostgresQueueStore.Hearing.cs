using Celeriac.Messaging;
using Celeriac.Postgres.Reading;

namespace Celeriac.Postgres;

// What the server tells, and the log of documents that is read because of it.
internal sealed partial class PostgresQueueStore
{
    // What is larger is read by itself, by those only who wait for it.
    private const int MostFollowedBytes = 1024;

    /// <inheritdoc/>
    public async ValueTask<DocumentNews> FollowAsync(
        long sequence, int limit, IReadOnlyList<string> keys, Func<string, bool> isWanted, CancellationToken cancellationToken = default)
    {
        List<StoredDocument> documents = [];
        List<string> unread = [.. keys];
        // The log first: what is written after it has a higher sequence and comes with the next look.
        foreach (var written in await AfterAsync(sequence, limit, MostFollowedBytes, cancellationToken).ConfigureAwait(false))
        {
            sequence = written.Sequence;
            if (!isWanted(written.Key))
            {
                continue;
            }
            if (written.Content is { } content)
            {
                documents.Add(new StoredDocument(written.Key, content, sequence));
            }
            else
            {
                unread.Add(written.Key);
            }
        }
        if (unread.Count > 0)
        {
            documents.AddRange(await ReadAsync(unread, cancellationToken).ConfigureAwait(false));
        }
        return new DocumentNews(documents, sequence);
    }

    private void PulseAll()
    {
        _hearing.Pulse();
        _followed.Pulse();
    }

    // Our own commits have told our waiters already.
    private void Hear(int processId, string payload)
    {
        if (payload == "p")
        {
            _ = PlaceDocumentsAsync();
        }
        else if (payload == "s")
        {
            _followed.Pulse();
        }
        else if (processId != _writer.ProcessId)
        {
            _hearing.Hear(payload);
        }
    }

    // A result was committed in a user's own transaction: who waits for results gives it its place in the log. A failure is made good by the next sweep.
    private async Task PlaceDocumentsAsync()
    {
        if (!_hearing.FollowsDocuments)
        {
            return;
        }
        try
        {
            await _servers.AskAsync((connection, ended) => connection.ScalarAsync<int>($"SELECT {_schema}.place_documents()", ended), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TransportException or ObjectDisposedException)
        {
            // The sweep does it.
        }
    }

    private async ValueTask<List<(long Sequence, string Key, byte[]? Content)>> AfterAsync(long sequence, int limit, int mostBytes, CancellationToken cancellationToken)
    {
        if (_quiet.HasNothingAfter(sequence))
        {
            return [];
        }
        _hearing.ListenForDocuments();
        var heard = _hearing.Version;
        var news = await _servers.AskAsync(
            (connection, ended) => DocumentQueries.AfterAsync(connection, _schema, sequence, limit, mostBytes, Now, ended), cancellationToken).ConfigureAwait(false);
        _quiet.Note(sequence, news.Count, heard);
        return news;
    }
}
