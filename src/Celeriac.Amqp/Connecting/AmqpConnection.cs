using Celeriac.Amqp.Links;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Microsoft.Extensions.Logging;

namespace Celeriac.Amqp.Connecting;

/// <summary>One connection to one server, with a channel for declarations and questions.</summary>
internal sealed class AmqpConnection : IBrokerConnection
{
    private readonly IAmqpLink _link;
    private readonly string _name;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _asking = new(1, 1);
    private readonly TaskCompletionSource<Exception?> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IAmqpChannel? _channel;
    private string? _blocked;

    public AmqpConnection(IAmqpLink link, string name, ILogger log)
    {
        _link = link;
        _name = name;
        _log = log;
        link.Blocked += OnBlocked;
        link.Closed += OnClosed;
        if (!link.IsOpen)
        {
            OnClosed();
        }
    }

    public Task<Exception?> Lost => _lost.Task;

    public bool IsLost => _lost.Task.IsCompleted;

    /// <summary>Why the server takes no publishes at the moment; null where it does.</summary>
    public string? Blocked => Volatile.Read(ref _blocked);

    /// <summary>The largest frame, in bytes; a message's properties must fit into one.</summary>
    public long FrameMax => _link.FrameMax == 0 ? int.MaxValue : _link.FrameMax;

    /// <summary>The server's version; null where it is no RabbitMQ.</summary>
    public Version? RabbitMqVersion => _link.RabbitMqVersion;

    /// <summary>Called when the server blocks or unblocks publishers, or the connection is lost.</summary>
    public event Action? Changed;

    /// <summary>Opens a channel.</summary>
    /// <exception cref="TransportException">The connection was lost.</exception>
    public async Task<IAmqpChannel> OpenChannelAsync(bool confirms = false)
    {
        try
        {
            return await _link.OpenChannelAsync(confirms).ConfigureAwait(false);
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
    public Task<T> AskAsync<T>(string what, Func<IAmqpChannel, Task<T>> call, CancellationToken cancellationToken) =>
        AskAsync(what, call).WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _lost.TrySetResult(null);
        await _link.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>True for what a call throws when its channel or connection ends under it, or the server does not answer.</summary>
    public static bool IsOfTheChannel(Exception error) => error is AmqpClosedException or TimeoutException;

    /// <summary>What a channel threw, in words.</summary>
    public TransportException Explained(Exception error, string what) => error switch
    {
        AmqpClosedException { Reason: { } reason } => AmqpErrors.Explain(reason, what, error),
        _ when IsLost || !_link.IsOpen => AmqpErrors.Explain(_link.Reason, what, error),
        _ => new TransportException($"{what}: '{_name}' did not answer ({error.Message}). Call again.", error),
    };

    private async Task<T> AskAsync<T>(string what, Func<IAmqpChannel, Task<T>> call)
    {
        await _asking.WaitAsync().ConfigureAwait(false);
        try
        {
            return await call(_channel is { IsOpen: true } open ? open : await ReopenAsync().ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception error) when (IsOfTheChannel(error))
        {
            if (error is TimeoutException && _channel is { } channel)
            {
                // No answer in time: a late one must not be taken for the answer to the next question.
                await channel.DisposeAsync().ConfigureAwait(false);
            }
            throw Explained(error, what);
        }
        finally
        {
            _asking.Release();
        }
    }

    private async Task<IAmqpChannel> ReopenAsync()
    {
        if (_channel is { } closed)
        {
            await closed.DisposeAsync().ConfigureAwait(false);
        }
        return _channel = await _link.OpenChannelAsync(confirms: false).ConfigureAwait(false);
    }

    private void OnBlocked(string? reason)
    {
        Volatile.Write(ref _blocked, reason);
        if (reason is null)
        {
            Log.Unblocked(_log, _name);
        }
        else
        {
            Log.Blocked(_log, _name, reason);
        }
        Changed?.Invoke();
    }

    private void OnClosed()
    {
        _lost.TrySetResult(new TransportException(AmqpErrors.TextOf(_link.Reason)));
        Changed?.Invoke();
    }
}
