using Celeriac.Messaging.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Celeriac.Messaging.Brokers;

/// <summary>
/// Keeps one connection to a broker: makes it, notices its loss, makes the next one with back-off and jitter over the servers of the URL,
/// and restores what lived on the old one before anybody gets the new one. This loop is the only place that reconnects.
/// </summary>
/// <typeparam name="TConnection">The protocol's connection.</typeparam>
internal sealed class Reconnecting<TConnection> : IAsyncDisposable where TConnection : class, IBrokerConnection
{
    private readonly string _name;
    private readonly IReadOnlyList<BrokerUrl> _servers;
    private readonly ReconnectOptions _options;
    private readonly Func<BrokerUrl, CancellationToken, Task<TConnection>> _open;
    private readonly Func<Connected<TConnection>, CancellationToken, Task> _restore;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource<Connected<TConnection>> _connected = NewSource();
    private TaskCompletionSource _round = NewRound();
    private TransportHealth _health;
    private Task? _loop;
    private long _generation;

    /// <param name="url">The first server, with its alternates.</param>
    /// <param name="options">Times.</param>
    /// <param name="open">Connects and logs in; throws a <see cref="TransportException"/> that says what failed.</param>
    /// <param name="restore">Re-declares, re-binds and re-consumes on a new connection.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where it logs.</param>
    public Reconnecting(
        BrokerUrl url, ReconnectOptions options, Func<BrokerUrl, CancellationToken, Task<TConnection>> open,
        Func<Connected<TConnection>, CancellationToken, Task> restore, TimeProvider time, ILogger log)
    {
        _name = url.ToString();
        _servers = [url, .. url.Alternates];
        _options = options;
        _open = open;
        _restore = restore;
        _time = time;
        _log = log;
        _health = new TransportHealth(ConnectionState.Closed, time.GetUtcNow());
    }

    /// <summary>How it stands.</summary>
    public TransportHealth Health => Volatile.Read(ref _health);

    /// <summary>The number of the newest connection; 0 before the first.</summary>
    public long Generation => Interlocked.Read(ref _generation);

    /// <summary>Connects, trying each server once; returns at once where there is a connection.</summary>
    /// <exception cref="TransportException">No server could be reached. The loop goes on trying.</exception>
    public async ValueTask ConnectAsync(CancellationToken cancellationToken)
    {
        var (connected, round) = Start();
        var first = await Task.WhenAny(connected, round).WaitAsync(cancellationToken).ConfigureAwait(false);
        await first.ConfigureAwait(false);
    }

    /// <summary>The connection, after a wait where there is none.</summary>
    /// <exception cref="ObjectDisposedException">The transport was disposed.</exception>
    public async ValueTask<Connected<TConnection>> GetAsync(CancellationToken cancellationToken)
    {
        var (connected, _) = Start();
        return connected.IsCompletedSuccessfully ? await connected.ConfigureAwait(false) : await connected.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The connection, after a wait of at most this long where there is none.</summary>
    /// <exception cref="TransportException">There was no connection in time.</exception>
    /// <exception cref="ObjectDisposedException">The transport was disposed.</exception>
    public async ValueTask<Connected<TConnection>> GetAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(cancellationToken).AsTask().WaitAsync(atMost, _time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw NotConnected();
        }
    }

    /// <summary>What to throw when a wait for the connection took too long.</summary>
    public TransportException NotConnected() => new(
        $"'{_name}' is not connected{(Health.LastError is { } error ? $": {error}" : ".")} It goes on trying; call again, or check the server and the URL.");

    /// <summary>Ends the connection and the loop. Waiting calls fail with <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? loop;
        lock (_lock)
        {
            if (_closing.IsCancellationRequested)
            {
                return;
            }
            _closing.Cancel();
            loop = _loop;
        }
        if (loop is not null)
        {
            await loop.ConfigureAwait(false);
        }
        Become(ConnectionState.Closed, null);
        _connected.TrySetException(Disposed());
        _ = _connected.Task.Exception;
    }

    private (Task<Connected<TConnection>> Connected, Task Round) Start()
    {
        lock (_lock)
        {
            if (_closing.IsCancellationRequested)
            {
                throw Disposed();
            }
            if (_loop is null)
            {
                Become(ConnectionState.Connecting, null);
                _loop = Task.Run(RunAsync, CancellationToken.None);
            }
            return (_connected.Task, _round.Task);
        }
    }

    private async Task RunAsync()
    {
        var failedRounds = 0;
        while (!_closing.IsCancellationRequested)
        {
            var (connected, error) = await TryServersAsync().ConfigureAwait(false);
            if (connected is { } made)
            {
                failedRounds = 0;
                await ServeAsync(made).ConfigureAwait(false);
                continue;
            }
            failedRounds++;
            Fail(error);
            var delay = _options.DelayAfter(failedRounds);
            if (!_closing.IsCancellationRequested)
            {
                Log.ConnectFailed(_log, _name, failedRounds, delay, error?.Message ?? "");
            }
            await Task.Delay(delay, _time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<(Connected<TConnection>?, Exception?)> TryServersAsync()
    {
        Exception? last = null;
        foreach (var server in _servers)
        {
            if (_closing.IsCancellationRequested)
            {
                break;
            }
            try
            {
                return (await TryServerAsync(server).ConfigureAwait(false), null);
            }
            catch (Exception error) when (error is TransportException or OperationCanceledException)
            {
                last = error is TransportException ? error : new TransportException($"'{server}' did not answer within {_options.ConnectTimeout.TotalSeconds:0.###} s.");
                Become(Health.State, last.Message);
            }
            catch (Exception error)
            {
                // A fault of ours must not end the loop: it would leave every caller waiting.
                Log.ConnectFaulted(_log, error, _name);
                last = new TransportException($"Connecting to '{server}' failed: {error.Message}", error);
                Become(Health.State, last.Message);
            }
        }
        return (null, last);
    }

    private async Task<Connected<TConnection>> TryServerAsync(BrokerUrl server)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        limit.CancelAfter(_options.ConnectTimeout);
        var connection = await _open(server, limit.Token).ConfigureAwait(false);
        try
        {
            var connected = new Connected<TConnection>(connection, Interlocked.Increment(ref _generation));
            // Restoring many queues may take longer than a login; a server that stops answering ends it by its heartbeat.
            await _restore(connected, _closing.Token).ConfigureAwait(false);
            return connected;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Hands the connection out until it is lost.</summary>
    private async Task ServeAsync(Connected<TConnection> connected)
    {
        TaskCompletionSource<Connected<TConnection>> waiting;
        TaskCompletionSource round;
        lock (_lock)
        {
            Become(ConnectionState.Connected, null);
            (waiting, round) = (_connected, _round);
        }
        Log.ConnectionMade(_log, _name, connected.Generation);
        waiting.TrySetResult(connected);
        round.TrySetResult();
        var lost = connected.Connection.Lost;
        await ((Task)lost).WaitAsync(_closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_closing.IsCancellationRequested)
        {
            var reason = await lost.ConfigureAwait(false);
            lock (_lock)
            {
                _connected = NewSource();
                _round = NewRound();
                Become(ConnectionState.Reconnecting, reason?.Message ?? "the server closed the connection");
            }
            Log.ConnectionLost(_log, _name, connected.Generation, reason?.Message ?? "the server closed the connection");
        }
        await connected.Connection.DisposeAsync().ConfigureAwait(false);
    }

    private void Fail(Exception? error)
    {
        TaskCompletionSource round;
        TaskCompletionSource<Connected<TConnection>>? refused = null;
        lock (_lock)
        {
            round = _round;
            _round = NewRound();
            // Wrong credentials will not come right by waiting: whoever waits is told at once; the loop tries again all the same.
            if (error is TransportRefusedException)
            {
                refused = _connected;
                _connected = NewSource();
            }
        }
        error ??= Disposed();
        round.TrySetException(error);
        refused?.TrySetException(error);
        // Nobody may be waiting.
        _ = round.Task.Exception;
        _ = refused?.Task.Exception;
    }

    private void Become(ConnectionState state, string? error)
    {
        var health = Volatile.Read(ref _health);
        var since = health.State == state ? health.Since : _time.GetUtcNow();
        Volatile.Write(ref _health, new TransportHealth(state, since, error));
    }

    private ObjectDisposedException Disposed() => new(_name, "The transport was disposed.");

    private static TaskCompletionSource<Connected<TConnection>> NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource NewRound() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
