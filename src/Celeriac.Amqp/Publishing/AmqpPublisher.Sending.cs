using Celeriac.Messaging;

namespace Celeriac.Amqp.Publishing;

// The loop that sends: one channel at a time, and what a closed one leaves goes first on the next.
internal sealed partial class AmqpPublisher
{
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
                _isStalled = false;
                return;
            }
            var channel = _channel ?? await OpenAsync().ConfigureAwait(false);
            if (TakeNext(channel) is { } publish)
            {
                await channel.SendAsync(publish).ConfigureAwait(false);
                Volatile.Write(ref _isSending, false);
                continue;
            }
            if (_isStalled)
            {
                await _wake.WaitAsync(_closing.Token).ConfigureAwait(false);
            }
            // Once more before the wait: an answer may have come before it was known that one is waited for.
            _isStalled = !_isStalled;
            Interlocked.MemoryBarrier();
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
            channel = await PublishChannel.OpenAsync(connection, Wake, Answered).ConfigureAwait(false);
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
            _isSending = true;
            _waiting.RemoveFirst();
            node.Value.WasSent = true;
            return node.Value;
        }
    }

    /// <summary>The channel is closed: what it left goes back to the head of the line.</summary>
    private async Task RetireAsync(PublishChannel closed)
    {
        IReadOnlyList<PendingPublish> left;
        lock (_lock)
        {
            // Nobody is about to send on it.
            left = closed.TakeOpen();
        }
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

    private static Exception Refusal(PendingPublish culprit, PublishChannel closed) => closed.Reason!.Code == 404
        ? culprit.Route.IsDelayed ? DelayLadder.Broken(culprit.Route.Exchange) : new UnroutableException(culprit.Route.Exchange, culprit.Route.RoutingKey)
        : AmqpErrors.Explain(closed.Reason, $"The message for '{culprit.Publication.RoutingKey}' cannot be published");
}
