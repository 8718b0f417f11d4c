using Celeriac.Amqp.Connecting;
using Celeriac.Messaging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Celeriac.Amqp.Publishing;

/// <summary>A channel on which only the publisher's loop publishes, with the broker's confirmations.</summary>
internal sealed class PublishChannel : IAsyncDisposable
{
    private readonly IChannel _channel;
    private readonly Action _changed;
    private readonly ConfirmTracker _tracker = new();

    private PublishChannel(AmqpConnection connection, IChannel channel, Action changed)
    {
        Connection = connection;
        _channel = channel;
        _changed = changed;
        IsExact = ExactProperties.TryAllow(channel);
        channel.BasicAcksAsync += OnAckAsync;
        channel.BasicNacksAsync += OnNackAsync;
        channel.BasicReturnAsync += OnReturnAsync;
        channel.ChannelShutdownAsync += OnShutdownAsync;
        connection.Changed += changed;
    }

    public AmqpConnection Connection { get; }

    /// <summary>True where properties go to the wire byte by byte as they are written here.</summary>
    public bool IsExact { get; }

    public bool IsClosed => !_channel.IsOpen;

    public ShutdownEventArgs? Reason => _channel.CloseReason;

    public int Unconfirmed => _tracker.Count;

    /// <param name="connection">The connection.</param>
    /// <param name="changed">Called after each answer of the broker and when the channel or the connection changes.</param>
    /// <exception cref="TransportException">The connection was lost.</exception>
    public static async Task<PublishChannel> OpenAsync(AmqpConnection connection, Action changed) =>
        new(connection, await connection.OpenChannelAsync(confirms: true).ConfigureAwait(false), changed);

    /// <summary>Sends. What goes wrong with the connection shows as <see cref="IsClosed"/>, and the publication stays among the unconfirmed.</summary>
    public async ValueTask SendAsync(PendingPublish publish)
    {
        _tracker.Add(publish);
        var route = publish.Route;
        try
        {
            // No token: a half-sent publication would put the numbers out of step.
            await _channel.BasicPublishAsync(route.Exchange, route.RoutingKey, route.IsMandatory, publish.Properties, publish.Publication.Message.Body, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (AmqpConnection.IsOfTheChannel(error))
        {
            await AmqpConnection.CloseAsync(_channel).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // The library could not write it: it would fail on every channel.
            publish.Failed(new TransportRefusedException($"The message for '{publish.Publication.RoutingKey}' cannot be sent: {error.Message}", error));
            await AmqpConnection.CloseAsync(_channel).ConfigureAwait(false);
        }
    }

    /// <summary>What has no answer and will get none, because the channel is closed.</summary>
    public IReadOnlyList<PendingPublish> TakeOpen() => _tracker.TakeOpen();

    public async ValueTask DisposeAsync()
    {
        Connection.Changed -= _changed;
        await AmqpConnection.CloseAsync(_channel).ConfigureAwait(false);
    }

    private Task OnAckAsync(object sender, BasicAckEventArgs ack)
    {
        _tracker.Answer(ack.DeliveryTag, ack.Multiple, isTaken: true);
        _changed();
        return Task.CompletedTask;
    }

    private Task OnNackAsync(object sender, BasicNackEventArgs nack)
    {
        _tracker.Answer(nack.DeliveryTag, nack.Multiple, isTaken: false);
        _changed();
        return Task.CompletedTask;
    }

    private Task OnReturnAsync(object sender, BasicReturnEventArgs returned)
    {
        _tracker.Return(returned.Exchange, returned.RoutingKey, returned.BasicProperties, returned.Body);
        return Task.CompletedTask;
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason)
    {
        _changed();
        return Task.CompletedTask;
    }
}
