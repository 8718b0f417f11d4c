using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Celeriac.Redis.Connecting;

/// <summary>
/// The connection to a Redis, made at the first call and kept by StackExchange.Redis: one for commands, which many callers share, and one for
/// subscriptions. It bounds every call and says in our words what fails.
/// </summary>
internal sealed class RedisConnection(BrokerUrl url, RedisOptions options, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private readonly string _name = url.ToString();
    private readonly Lock _lock = new();
    private readonly ChangeSignal _restored = new();
    private TransportHealth _health = new(ConnectionState.Closed, time.GetUtcNow());
    private Task<ConnectionMultiplexer>? _opening;
    private ConnectionMultiplexer? _connection;
    private bool _isDisposed;

    /// <summary>The subscriptions were made again on a new connection: what was published meanwhile is lost.</summary>
    public event Action? SubscriptionsRestored;

    /// <summary>A connection was made, the first or another: what the server knew of the old one is gone.</summary>
    public event Func<IConnectionMultiplexer, Task>? Connected;

    /// <summary>The URL without password.</summary>
    public string Name => _name;

    /// <summary>How it stands.</summary>
    public TransportHealth Health => Volatile.Read(ref _health);

    /// <summary>Connects, trying once; returns at once where there is a connection.</summary>
    /// <exception cref="TransportException">The server cannot be reached, or refuses.</exception>
    public async ValueTask ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            var connection = await OpenAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            await connection.GetDatabase().PingAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (Told(error) is { } told)
        {
            throw told;
        }
    }

    /// <summary>
    /// Calls the server. What finds no connection or loses it is called again while the publish timeout lasts: only for what may run twice.
    /// </summary>
    /// <exception cref="TransportException">There was no answer in time; as <see cref="TransportRefusedException"/>, the server refuses.</exception>
    public async Task<T> CallAsync<T>(Func<IConnectionMultiplexer, Task<T>> call, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var mayBeSent = false;
        for (var failures = 1; ; failures++)
        {
            var seen = _restored.Version;
            try
            {
                var left = options.Reconnect.PublishTimeout - time.GetElapsedTime(started);
                return await CallOnceAsync(call, left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (Told(error) is { } told)
            {
                mayBeSent |= RedisErrors.MayBeSent(error);
                var delay = options.Reconnect.DelayAfter(failures);
                if (told is TransportRefusedException || time.GetElapsedTime(started) + delay >= options.Reconnect.PublishTimeout)
                {
                    throw mayBeSent && told is not TransportRefusedException ? new UnansweredException(told.Message, told) : told;
                }
                await _restored.WaitAsync(seen, delay, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Calls the server once.</summary>
    /// <exception cref="TransportException">There is no connection, or no answer in time; as <see cref="TransportRefusedException"/>, the server refuses.</exception>
    public async Task<T> CallOnceAsync<T>(Func<IConnectionMultiplexer, Task<T>> call)
    {
        try
        {
            return await CallOnceAsync(call, options.AnswerTimeout, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (Told(error) is { } told)
        {
            throw told;
        }
    }

    /// <summary>The pause after so many failures in a row.</summary>
    /// <param name="failures">How many.</param>
    /// <param name="seen"><see cref="Restorations"/> before the call that failed: a connection made since ends the pause.</param>
    /// <param name="cancellationToken">Ends it too.</param>
    public ValueTask PauseAsync(int failures, long seen, CancellationToken cancellationToken) => _restored.WaitAsync(seen, options.Reconnect.DelayAfter(failures), time, cancellationToken);

    /// <summary>How often a connection was made.</summary>
    public long Restorations => _restored.Version;

    /// <summary>Calls the server once from a thread that may be blocked; there must be a connection already.</summary>
    /// <exception cref="TransportException">There is no connection, or no answer in time.</exception>
    public T Call<T>(Func<IDatabase, T> call)
    {
        var connection = Volatile.Read(ref _connection) ?? throw new TransportException($"'{_name}' is not connected.");
        try
        {
            return call(connection.GetDatabase());
        }
        catch (Exception error) when (Told(error) is { } told)
        {
            throw told;
        }
    }

    private async Task<T> CallOnceAsync<T>(Func<IConnectionMultiplexer, Task<T>> call, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await call(connection).WaitAsync(atMost, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && error is OperationCanceledException or InvalidOperationException and not ObjectDisposedException)
        {
            // What the library's pipes throw where a connection ends under a call.
            throw new IOException("The connection was lost.", error);
        }
    }

    /// <summary>Ends the connection; what waits for an answer gets it or fails.</summary>
    public async ValueTask DisposeAsync()
    {
        Task<ConnectionMultiplexer>? opening;
        lock (_lock)
        {
            _isDisposed = true;
            opening = _opening;
        }
        if (opening is not null)
        {
            await CloseAsync(opening).ConfigureAwait(false);
        }
        Become(ConnectionState.Closed, null);
    }

    /// <summary>All first callers share one try, and its failure.</summary>
    private Task<ConnectionMultiplexer> OpenAsync()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_opening is null || _opening.IsFaulted || _opening.IsCanceled)
            {
                Become(ConnectionState.Connecting, Health.LastError);
                _opening = Task.Run(ConnectOnceAsync);
            }
            return _opening;
        }
    }

    private async Task<ConnectionMultiplexer> ConnectOnceAsync()
    {
        try
        {
            // The library takes its whole timeout to find that nobody listens; a broker's caller may still be served when somebody does.
            if (options is { FailsFast: true, Servers.Count: 1 } && await SocketProbe.FailureAsync(options).ConfigureAwait(false) is { } failure)
            {
                throw RedisErrors.NotConnected(_name, failure, null);
            }
            var connection = await ConnectionMultiplexer.ConnectAsync(RedisConfiguration.For(url, options)).ConfigureAwait(false);
            connection.ConnectionFailed += (_, failed) => OnFailed(connection, failed);
            connection.ConnectionRestored += (_, restored) => OnRestored(connection, restored);
            Volatile.Write(ref _connection, connection);
            Become(ConnectionState.Connected, null);
            Log.ConnectionMade(log, _name);
            Tell(connection);
            return connection;
        }
        catch (Exception error)
        {
            var told = Told(error);
            told = told is null or TransportRefusedException || await SocketProbe.FailureAsync(options).ConfigureAwait(false) is not { } reason
                ? told
                : RedisErrors.NotConnected(_name, reason, error);
            Become(ConnectionState.Closed, (told ?? error).Message);
            if (told is null)
            {
                throw;
            }
            throw told;
        }
    }

    private void OnFailed(ConnectionMultiplexer connection, ConnectionFailedEventArgs failed)
    {
        if (failed.ConnectionType != ConnectionType.Interactive || connection.IsConnected || _isDisposed)
        {
            return;
        }
        var reason = failed.Exception is { } error ? RedisErrors.Reason(error) : $"{failed.FailureType}.";
        if (Become(ConnectionState.Reconnecting, reason) == ConnectionState.Connected)
        {
            Log.ConnectionLost(log, _name, reason);
        }
    }

    private void OnRestored(ConnectionMultiplexer connection, ConnectionFailedEventArgs restored)
    {
        if (restored.ConnectionType == ConnectionType.Subscription)
        {
            SubscriptionsRestored?.Invoke();
        }
        Tell(connection);
        if (connection.IsConnected && !_isDisposed && Become(ConnectionState.Connected, null) != ConnectionState.Connected)
        {
            Log.ConnectionMade(log, _name);
        }
    }

    private void Tell(ConnectionMultiplexer connection)
    {
        _restored.Pulse();
        foreach (var told in Connected?.GetInvocationList().Cast<Func<IConnectionMultiplexer, Task>>() ?? [])
        {
            _ = told(connection);
        }
    }

    private async Task CloseAsync(Task<ConnectionMultiplexer> opening)
    {
        try
        {
            var connection = await opening.ConfigureAwait(false);
            await connection.DisposeAsync().AsTask().WaitAsync(options.Reconnect.ConnectTimeout, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Log.NotLeft(log, _name);
        }
        catch (Exception error) when (Told(error) is not null)
        {
            // It was never connected.
        }
    }

    /// <summary>Answers the state before.</summary>
    private ConnectionState Become(ConnectionState state, string? error)
    {
        lock (_lock)
        {
            var before = _health;
            Volatile.Write(ref _health, new TransportHealth(state, before.State == state ? before.Since : time.GetUtcNow(), error));
            return before.State;
        }
    }

    private TransportException? Told(Exception error)
    {
        var told = RedisErrors.Translate(_name, error, options.Reconnect.PublishTimeout);
        // A connection that is dropped for its silence raises no event.
        if (told is not null && Volatile.Read(ref _connection) is { IsConnected: false } && !_isDisposed && Health.State == ConnectionState.Connected
            && Become(ConnectionState.Reconnecting, RedisErrors.Reason(error)) == ConnectionState.Connected)
        {
            Log.ConnectionLost(log, _name, RedisErrors.Reason(error));
        }
        return told;
    }
}
