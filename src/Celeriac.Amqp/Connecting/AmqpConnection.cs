using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Celeriac.Amqp.Connecting;

/// <summary>One connection to one server, with a channel for declarations and questions. RabbitMQ.Client's own recovery is off.</summary>
internal sealed class AmqpConnection : IBrokerConnection
{
    private static readonly TimeSpan s_closing = TimeSpan.FromSeconds(2);
    private readonly IConnection _connection;
    private readonly string _name;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _asking = new(1, 1);
    private readonly TaskCompletionSource<Exception?> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IChannel? _channel;
    private string? _blocked;

    public AmqpConnection(IConnection connection, string name, ILogger log)
    {
        _connection = connection;
        _name = name;
        _log = log;
        RabbitMqVersion = ServerVersion.Of(connection.ServerProperties);
        connection.ConnectionBlockedAsync += OnBlockedAsync;
        connection.ConnectionUnblockedAsync += OnUnblockedAsync;
        connection.ConnectionShutdownAsync += OnShutdownAsync;
        if (!connection.IsOpen)
        {
            OnLost(connection.CloseReason);
        }
    }

    public Task<Exception?> Lost => _lost.Task;

    public bool IsLost => _lost.Task.IsCompleted;

    /// <summary>Why the server takes no publishes at the moment; null where it does.</summary>
    public string? Blocked => Volatile.Read(ref _blocked);

    /// <summary>The largest frame, in bytes; a message's properties must fit into one.</summary>
    public long FrameMax => _connection.FrameMax == 0 ? int.MaxValue : _connection.FrameMax;

    /// <summary>The server's version; null where it is no RabbitMQ.</summary>
    public Version? RabbitMqVersion { get; }

    /// <summary>Called when the server blocks or unblocks publishers, or the connection is lost.</summary>
    public event Action? Changed;

    /// <summary>Opens a channel.</summary>
    /// <exception cref="TransportException">The connection was lost.</exception>
    public async Task<IChannel> OpenChannelAsync(bool confirms = false)
    {
        try
        {
            return await _connection.CreateChannelAsync(new CreateChannelOptions(confirms, false, null, 1), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (IsOfTheChannel(error))
        {
            throw Explained(error, "A channel cannot be opened");
        }
    }

    /// <summary>
    /// A call on the channel for declarations and questions, one at a time. What the server refuses closes that channel, which costs only this call.
    /// The call goes on when the caller leaves, so that the channel stays in step.
    /// </summary>
    /// <param name="what">What fails, as the beginning of a sentence.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TransportRefusedException">The server refuses.</exception>
    /// <exception cref="TransportException">The connection was lost.</exception>
    public Task<T> AskAsync<T>(string what, Func<IChannel, Task<T>> call, CancellationToken cancellationToken) =>
        AskAsync(what, call).WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _lost.TrySetResult(null);
        try
        {
            await _connection.CloseAsync(200, "Goodbye", s_closing, abort: true, CancellationToken.None).ConfigureAwait(false);
            await _connection.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (IsOfTheChannel(error) || error is ObjectDisposedException)
        {
            // It was lost already: there is nobody to say goodbye to.
        }
    }

    /// <summary>Closes a channel that may be closed already.</summary>
    public static async ValueTask CloseAsync(IChannel channel)
    {
        try
        {
            // A server that does not answer is not waited for: its connection ends by the heartbeat.
            await channel.CloseAsync(200, "Goodbye", abort: true, CancellationToken.None).WaitAsync(s_closing).ConfigureAwait(false);
            await channel.DisposeAsync().AsTask().WaitAsync(s_closing).ConfigureAwait(false);
        }
        catch (Exception error) when (IsOfTheChannel(error) || error is ObjectDisposedException)
        {
            // It was closed already.
        }
    }

    /// <summary>True for what the library throws when a channel or connection ends under a call.</summary>
    public static bool IsOfTheChannel(Exception error) =>
        error is RabbitMQClientException or IOException or TimeoutException or OperationCanceledException or ObjectDisposedException or System.Threading.Channels.ChannelClosedException;

    /// <summary>The library's exception in words.</summary>
    public TransportException Explained(Exception error, string what) => error switch
    {
        OperationInterruptedException { ShutdownReason: { } reason } => AmqpErrors.Explain(reason, what, error),
        _ when IsLost || !_connection.IsOpen => AmqpErrors.Explain(_connection.CloseReason, what, error),
        _ => new TransportException($"{what}: '{_name}' did not answer ({error.Message}). Call again.", error),
    };

    private async Task<T> AskAsync<T>(string what, Func<IChannel, Task<T>> call)
    {
        await _asking.WaitAsync().ConfigureAwait(false);
        try
        {
            return await call(_channel is { IsOpen: true } open ? open : await ReopenAsync().ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception error) when (IsOfTheChannel(error))
        {
            if (error is not OperationInterruptedException && _channel is { } channel)
            {
                // No answer in time: a late one must not be taken for the answer to the next question.
                await CloseAsync(channel).ConfigureAwait(false);
            }
            throw Explained(error, what);
        }
        finally
        {
            _asking.Release();
        }
    }

    private async Task<IChannel> ReopenAsync()
    {
        if (_channel is { } closed)
        {
            await CloseAsync(closed).ConfigureAwait(false);
        }
        return _channel = await _connection.CreateChannelAsync(new CreateChannelOptions(false, false), CancellationToken.None).ConfigureAwait(false);
    }

    private Task OnBlockedAsync(object sender, ConnectionBlockedEventArgs blocked)
    {
        Volatile.Write(ref _blocked, blocked.Reason);
        Log.Blocked(_log, _name, blocked.Reason);
        Changed?.Invoke();
        return Task.CompletedTask;
    }

    private Task OnUnblockedAsync(object sender, AsyncEventArgs unblocked)
    {
        Volatile.Write(ref _blocked, null);
        Log.Unblocked(_log, _name);
        Changed?.Invoke();
        return Task.CompletedTask;
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason)
    {
        OnLost(reason);
        return Task.CompletedTask;
    }

    private void OnLost(ShutdownEventArgs? reason)
    {
        _lost.TrySetResult(new TransportException(AmqpErrors.TextOf(reason)));
        Changed?.Invoke();
    }
}
