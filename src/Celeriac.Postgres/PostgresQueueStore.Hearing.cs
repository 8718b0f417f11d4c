using Celeriac.Messaging;
using Celeriac.Postgres.Reading;

namespace Celeriac.Postgres;

// What the server tells.
internal sealed partial class PostgresQueueStore
{
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
}
