using Celeriac.Messaging.Diagnostics;

namespace Celeriac.Messaging.Brokers;

// One round over the servers, and the two ends of a connection's life: restoring on it and closing it.
internal sealed partial class Reconnecting<TConnection>
{
    private async Task<(Connected<TConnection>?, Exception Error)> TryServersAsync()
    {
        Exception last = Disposed();
        foreach (var server in _servers)
        {
            if (_closing.IsCancellationRequested)
            {
                break;
            }
            try
            {
                return (await TryServerAsync(server).ConfigureAwait(false), last);
            }
            catch (TransportException error)
            {
                last = error;
            }
            catch (OperationCanceledException)
            {
                last = new TransportException($"'{server}' did not answer within {_options.ConnectTimeout.TotalSeconds:0.###} s. Check the server and the network, or raise connect_timeout in the URL.");
            }
            catch (Exception error)
            {
                // A fault of ours must not end the loop: it would leave every caller waiting.
                Log.ConnectFaulted(_log, error, _name);
                last = new TransportException($"Connecting to '{server}' failed: {error.Message}", error);
            }
            Become(Health.State, last.Message);
        }
        return (null, last);
    }

    private async Task<Connected<TConnection>> TryServerAsync(BrokerUrl server)
    {
        var connection = await OpenAsync(server).ConfigureAwait(false);
        try
        {
            var connected = new Connected<TConnection>(connection, Interlocked.Increment(ref _generation));
            await RestoreAsync(connected, server).ConfigureAwait(false);
            return connected;
        }
        catch
        {
            await CloseAsync(connection).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens. A client library that hears its token late is not waited for: what it still brings is closed.</summary>
    private async Task<TConnection> OpenAsync(BrokerUrl server)
    {
        using var timeout = new CancellationTokenSource(_options.ConnectTimeout, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token, timeout.Token);
        var opening = _open(server, limit.Token);
        try
        {
            return await opening.WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!opening.IsCanceled)
        {
            // It may have been made by now, a moment after the limit.
            _ = CloseLateAsync(opening);
            throw;
        }
    }

    private async Task CloseLateAsync(Task<TConnection> opening)
    {
        try
        {
            await CloseAsync(await opening.ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Log.CloseFailed(_log, error, _name);
        }
    }

    /// <summary>
    /// Restores. It may take longer than a login, where there is much; the end of the connection ends it, and so does its own limit: a server that
    /// keeps its heartbeats and answers nothing must not hold the loop. The limit doubles each time it was too short, so that much is restored in the end.
    /// </summary>
    private async Task RestoreAsync(Connected<TConnection> connected, BrokerUrl server)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        var lost = connected.Connection.Lost;
        var limit = _options.RestoreLimitAfter(_slowRestores);
        var restoring = _restore(connected, end.Token);
        if (await EndsFirstAsync(restoring, lost, limit).ConfigureAwait(false))
        {
            await restoring.ConfigureAwait(false);
            _slowRestores = 0;
            return;
        }
        await end.CancelAsync().ConfigureAwait(false);
        // What does not hear its token is not waited for: the connection is closed under it.
        _ = restoring.ContinueWith(static left => _ = left.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _closing.Token.ThrowIfCancellationRequested();
        if (lost.IsCompletedSuccessfully)
        {
            var reason = await lost.ConfigureAwait(false);
            throw new TransportException($"'{server}' was lost while queues and consumers were restored: {reason?.Message ?? NoReason}", reason);
        }
        _slowRestores++;
        throw new TransportException($"'{server}' did not restore queues and consumers within {limit.TotalSeconds:0.###} s. Look for a queue that does not answer in the server's log, or raise connect_timeout in the URL.");
    }

    /// <summary>True where restoring ended, well or not, before the connection was lost, the limit passed or the transport was disposed.</summary>
    private async Task<bool> EndsFirstAsync(Task restoring, Task lost, TimeSpan limit)
    {
        await ((Task)Task.WhenAny(restoring, lost)).WaitAsync(limit, _time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return restoring.IsCompleted;
    }

    /// <summary>Closes a connection. One that does not close in time, or fails at it, is left behind: nobody waits for the next one because of it.</summary>
    private async Task CloseAsync(TConnection connection)
    {
        try
        {
            var closing = connection.DisposeAsync().AsTask();
            await closing.WaitAsync(_options.ConnectTimeout, _time).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Log.CloseFailed(_log, error, _name);
        }
    }
}
