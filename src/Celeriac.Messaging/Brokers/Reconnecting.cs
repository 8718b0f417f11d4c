using Celeriac.Messaging.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Celeriac.Messaging.Brokers;

/// <summary>
/// Keeps one connection to a broker: makes it, notices its loss, makes the next one with back-off and jitter over the servers of the URL,
/// and restores what lived on the old one before anybody gets the new one. This loop is the only place that reconnects.
/// </summary>
/// <typeparam name="TConnection">The protocol's connection.</typeparam>
internal sealed partial class Reconnecting<TConnection> : IAsyncDisposable where TConnection : class, IBrokerConnection
{
    // A connection that ends sooner has not proved that the next one is worth making at once.
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(1);
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
    private TaskCompletionSource? _pause;
    private Task? _loop;
    private bool _disposed;
    private int _slowRestores;
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
        var (connected, round) = Start(hurry: true);
        var first = await Task.WhenAny(connected, round).WaitAsync(cancellationToken).ConfigureAwait(false);
        await first.ConfigureAwait(false);
    }

    /// <summary>The connection, after a wait where there is none.</summary>
    /// <exception cref="ObjectDisposedException">The transport was disposed.</exception>
    public async ValueTask<Connected<TConnection>> GetAsync(CancellationToken cancellationToken)
    {
        var (connected, _) = Start(hurry: false);
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
            _disposed = true;
            loop = _loop;
        }
        // Not under the lock: what waits on the token may go on inside this call.
        await _closing.CancelAsync().ConfigureAwait(false);
        if (loop is not null)
        {
            await loop.ConfigureAwait(false);
        }
        Become(ConnectionState.Closed, null);
        _connected.TrySetException(Disposed());
        _ = _connected.Task.Exception;
    }

    private (Task<Connected<TConnection>> Connected, Task Round) Start(bool hurry)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                throw Disposed();
            }
            if (_loop is null)
            {
                Become(ConnectionState.Connecting, null);
                _loop = Task.Run(RunAsync, CancellationToken.None);
            }
            if (hurry)
            {
                _pause?.TrySetResult();
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
                var since = _time.GetTimestamp();
                await ServeAsync(made).ConfigureAwait(false);
                if (_time.GetElapsedTime(since) < ShortLife)
                {
                    await PauseAsync(_options.DelayAfter(1)).ConfigureAwait(false);
                }
            }
            else if (!_closing.IsCancellationRequested)
            {
                failedRounds++;
                var delay = _options.DelayAfter(failedRounds);
                Log.ConnectFailed(_log, _name, failedRounds, delay, error.Message);
                Fail(error);
                await PauseAsync(delay).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits before the next round; whoever calls <see cref="ConnectAsync"/> meanwhile ends the wait.</summary>
    private async Task PauseAsync(TimeSpan delay)
    {
        var pause = NewRound();
        lock (_lock)
        {
            _pause = pause;
        }
        await pause.Task.WaitAsync(delay, _time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            _pause = null;
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
                Become(ConnectionState.Reconnecting, reason?.Message ?? NoReason);
            }
            Log.ConnectionLost(_log, _name, connected.Generation, reason?.Message ?? NoReason);
        }
        await CloseAsync(connected.Connection).ConfigureAwait(false);
    }

    private void Fail(Exception error)
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

    private const string NoReason = "the server closed the connection";

    private ObjectDisposedException Disposed() => new(_name, "The transport was disposed.");

    private static TaskCompletionSource<Connected<TConnection>> NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource NewRound() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
