using Celeriac.Amqp.Connecting;
using Celeriac.Amqp.Links;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Publishing;

/// <summary>A channel on which only the publisher's loop publishes, with the broker's confirmations.</summary>
internal sealed class PublishChannel : IConfirmations, IAsyncDisposable
{
    private readonly IAmqpChannel _channel;
    private readonly Action _changed;
    private readonly Action _answered;
    private readonly ConfirmTracker _tracker = new();

    private PublishChannel(AmqpConnection connection, IAmqpChannel channel, Action changed, Action answered)
    {
        Connection = connection;
        _channel = channel;
        _changed = changed;
        _answered = answered;
        channel.Confirm(this);
        channel.Closed += changed;
        connection.Changed += changed;
    }

    public AmqpConnection Connection { get; }

    /// <summary>True where properties go to the wire byte by byte as they are written here.</summary>
    public bool IsExact => _channel.IsExact;

    public bool IsClosed => !_channel.IsOpen;

    public CloseReason? Reason => _channel.Reason;

    public int Unconfirmed => _tracker.Count;

    /// <param name="connection">The connection.</param>
    /// <param name="changed">Called when the channel or the connection changes.</param>
    /// <param name="answered">Called after each answer of the broker.</param>
    /// <exception cref="TransportException">The connection was lost.</exception>
    public static async Task<PublishChannel> OpenAsync(AmqpConnection connection, Action changed, Action answered) =>
        new(connection, await connection.OpenChannelAsync(confirms: true).ConfigureAwait(false), changed, answered);

    /// <summary>Sends where that needs no waiting; false where it would. It leaves with the next <see cref="Flush"/>.</summary>
    public bool TrySend(PendingPublish publish)
    {
        // Before it is written: the answer may be faster than what follows here.
        _tracker.Add(publish);
        var route = publish.Route;
        if (_channel.TryPublish(route.Exchange, route.RoutingKey, route.IsMandatory, publish.Properties, publish.Publication.Message.Body))
        {
            return true;
        }
        _tracker.TakeBack();
        return false;
    }

    /// <summary>What was sent leaves: on this thread where it is the only one without an answer.</summary>
    public void Flush() => _channel.Flush(isHere: _tracker.Count <= 1);

    /// <summary>Sends. What goes wrong with the connection shows as <see cref="IsClosed"/>, and the publication stays among the unconfirmed.</summary>
    public async ValueTask SendAsync(PendingPublish publish)
    {
        _tracker.Add(publish);
        var route = publish.Route;
        try
        {
            await _channel.PublishAsync(route.Exchange, route.RoutingKey, route.IsMandatory, publish.Properties, publish.Publication.Message.Body).ConfigureAwait(false);
        }
        catch (Exception error) when (AmqpConnection.IsOfTheChannel(error))
        {
            await _channel.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // It could not be written: it would fail on every channel.
            publish.Failed(new TransportRefusedException($"The message for '{publish.Publication.RoutingKey}' cannot be sent: {error.Message}", error));
            await _channel.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>What has no answer and will get none, because the channel is closed.</summary>
    public IReadOnlyList<PendingPublish> TakeOpen() => _tracker.TakeOpen();

    public async ValueTask DisposeAsync()
    {
        Connection.Changed -= _changed;
        await _channel.DisposeAsync().ConfigureAwait(false);
    }

    public void Answered(ulong number, bool upTo, bool isTaken)
    {
        _tracker.Answer(number, upTo, isTaken);
        _answered();
    }

    public void Returned(string exchange, string routingKey, Message message) => _tracker.Return(exchange, routingKey, message);
}
