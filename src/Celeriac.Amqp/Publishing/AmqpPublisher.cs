using Celeriac.Amqp.Connecting;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Microsoft.Extensions.Logging;

namespace Celeriac.Amqp.Publishing;

/// <summary>
/// Sends the publications of all callers, one after the other, on one channel, without waiting for the answers in between. What a lost channel or connection leaves
/// unconfirmed is sent again on the next, before anything newer.
/// </summary>
internal sealed partial class AmqpPublisher : IAsyncDisposable
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
    private bool _isSending;
    private volatile bool _isStalled;
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
    /// <param name="publishes">The publications; null for one that is not to be sent.</param>
    public void Enqueue(ReadOnlySpan<PendingPublish?> publishes)
    {
        PublishChannel? channel;
        var isLeft = false;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
            channel = _channel;
            foreach (var publish in publishes)
            {
                if (publish is not null && !TrySendNow(publish))
                {
                    _waiting.AddLast(publish.Node);
                    isLeft = true;
                }
            }
            if (isLeft)
            {
                _loop ??= Task.Run(RunAsync, CancellationToken.None);
            }
        }
        channel?.Flush();
        if (isLeft)
        {
            Wake();
        }
    }

    /// <summary>Opens the channel on a new connection before anybody waits for it.</summary>
    /// <exception cref="TransportException">The connection was lost again.</exception>
    public async Task PrepareAsync(AmqpConnection connection)
    {
        var channel = await PublishChannel.OpenAsync(connection, Wake, Answered).ConfigureAwait(false);
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

    /// <summary>Where nothing is in the way a publication is written by its caller: the loop would cost it a change of threads. Called under the lock.</summary>
    private bool TrySendNow(PendingPublish publish)
    {
        if (_waiting.Count > 0 || _isSending || _isAlone || _channel is not { IsClosed: false } channel || channel.Connection.Blocked is not null || channel.Unconfirmed >= Window)
        {
            return false;
        }
        return publish.WasSent = channel.TrySend(publish);
    }

    /// <summary>The loop is woken by an answer only where it waits for one.</summary>
    private void Answered()
    {
        if (_isStalled)
        {
            Wake();
        }
    }

    private void Wake()
    {
        if (_wake.CurrentCount == 0)
        {
            _wake.Release();
        }
    }
}
