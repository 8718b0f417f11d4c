using Celeriac.Amqp.Connecting;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Microsoft.Extensions.Logging;

namespace Celeriac.Amqp.Publishing;

/// <summary>
/// Sends the publications of all callers, one after the other, on one channel, without waiting for the answers in between. What a lost channel or connection leaves
/// unconfirmed is sent again on the next, before anything newer.
/// </summary>
internal sealed class AmqpPublisher : IAsyncDisposable
{
    /// <summary>How many may be without an answer; beyond that the gain is nil and a lost connection repeats more.</summary>
    private const int Window = 4096;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly Reconnecting<AmqpConnection> _connections;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Lock _lock = new();
    private readonly LinkedList<PendingPublish> _waiting = new();
    private PublishChannel? _channel;
    private PublishChannel? _prepared;
    private Task? _loop;
    private bool _isAlone;
    private bool _hasWarned;

    public AmqpPublisher(Reconnecting<AmqpConnection> connections, TimeProvider time, ILogger log)
    {
        _connections = connections;
        _time = time;
        _log = log;
    }

    /// <summary>Why the server takes no publishes at the moment; null where it does.</summary>
    public string? Blocked => Volatile.Read(ref _channel)?.Connection.Blocked;

    /// <summary>Hands publications in, in their order.</summary>
    public void Enqueue(IReadOnlyList<PendingPublish> publishes)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
            foreach (var publish in publishes)
            {
                _waiting.AddLast(publish.Node);
            }
            _loop ??= Task.Run(RunAsync, CancellationToken.None);
        }
        Wake();
    }

    /// <summary>Opens the channel on a new connection before anybody waits for it.</summary>
    /// <exception cref="TransportException">The connection was lost again.</exception>
    public async Task PrepareAsync(AmqpConnection connection)
    {
        var channel = await PublishChannel.OpenAsync(connection, Wake).ConfigureAwait(false);
        if (Interlocked.Exchange(ref _prepared, channel) is { } unused)
        {
            await unused.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The caller's time is up. Answers true where the publication was surely never sent; it will not be sent any more.</summary>
    public bool Abandon(PendingPublish publish)
    {
        lock (_lock)
        {
            if (publish.Node.List is not null)
            {
                _waiting.Remove(publish.Node);
            }
            return !publish.WasSent;
        }
    }

    /// <summary>Sends nothing more. What waits is never sent.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _closing.Cancel();
        }
        Wake();
    }

    /// <summary>Waits for the loop. Call it after the connection is closed: a send that the server does not take ends with it.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop();
        if (_loop is { } loop)
        {
            await loop.ConfigureAwait(false);
        }
    }

    private void Wake()
    {
        if (_wake.CurrentCount == 0)
        {
            _wake.Release();
        }
    }

    private async Task RunAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await PumpAsync().ConfigureAwait(false);
                await _wake.WaitAsync(_closing.Token).ConfigureAwait(false);
            }
            catch (Exception) when (_closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                if (error is not TransportException)
                {
                    Log.PublisherFaulted(_log, error);
                }
                await Task.Delay(s_pause, _time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task PumpAsync()
    {
        while (true)
        {
            if (_channel is { IsClosed: true } closed)
            {
                await RetireAsync(closed).ConfigureAwait(false);
            }
            if (!HasWaiting())
            {
                return;
            }
            var channel = _channel ?? await OpenAsync().ConfigureAwait(false);
            if (TakeNext(channel) is { } publish)
            {
                await channel.SendAsync(publish).ConfigureAwait(false);
            }
            else
            {
                await _wake.WaitAsync(_closing.Token).ConfigureAwait(false);
            }
        }
    }

    private bool HasWaiting()
    {
        lock (_lock)
        {
            return _waiting.Count > 0;
        }
    }

    private async Task<PublishChannel> OpenAsync()
    {
        var (connection, _) = await _connections.GetAsync(_closing.Token).ConfigureAwait(false);
        var channel = Interlocked.Exchange(ref _prepared, null);
        if (channel is null || channel.Connection != connection || channel.IsClosed)
        {
            if (channel is not null)
            {
                await channel.DisposeAsync().ConfigureAwait(false);
            }
            channel = await PublishChannel.OpenAsync(connection, Wake).ConfigureAwait(false);
        }
        if (!channel.IsExact && !_hasWarned)
        {
            _hasWarned = true;
            Log.InexactProperties(_log);
        }
        Volatile.Write(ref _channel, channel);
        return channel;
    }

    /// <summary>The next to send; null where nothing may be sent now.</summary>
    private PendingPublish? TakeNext(PublishChannel channel)
    {
        if (channel.IsClosed || channel.Connection.Blocked is not null)
        {
            return null;
        }
        lock (_lock)
        {
            if (_waiting.First is not { } node)
            {
                return null;
            }
            // A suspect travels alone: if the channel dies of it, nobody else is to blame.
            var unconfirmed = channel.Unconfirmed;
            if (unconfirmed >= (node.Value.IsSuspect || _isAlone ? 1 : Window))
            {
                return null;
            }
            _isAlone = node.Value.IsSuspect;
            _waiting.RemoveFirst();
            node.Value.WasSent = true;
            return node.Value;
        }
    }

    /// <summary>The channel is closed: what it left goes back to the head of the line.</summary>
    private async Task RetireAsync(PublishChannel closed)
    {
        var left = closed.TakeOpen();
        var isRefusal = AmqpErrors.IsRefusal(closed.Reason) && !closed.Connection.IsLost;
        if (isRefusal && left is [{ } culprit])
        {
            culprit.Failed(Refusal(culprit, closed));
        }
        var open = left.Where(publish => !publish.IsDone).ToList();
        if (open.Count > 0 && !closed.Connection.IsLost)
        {
            Log.PublishChannelClosed(_log, AmqpErrors.TextOf(closed.Reason), open.Count);
        }
        lock (_lock)
        {
            for (var index = open.Count - 1; index >= 0; index--)
            {
                open[index].IsSuspect |= isRefusal;
                _waiting.AddFirst(open[index].Node);
            }
            _isAlone = false;
        }
        Volatile.Write(ref _channel, null);
        await closed.DisposeAsync().ConfigureAwait(false);
    }

    private static Exception Refusal(PendingPublish culprit, PublishChannel closed) => closed.Reason!.ReplyCode == 404
        ? culprit.Route.IsDelayed ? DelayLadder.Broken(culprit.Route.Exchange) : new UnroutableException(culprit.Route.Exchange, culprit.Route.RoutingKey)
        : AmqpErrors.Explain(closed.Reason, $"The message for '{culprit.Publication.RoutingKey}' cannot be published");
}
