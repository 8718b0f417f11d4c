using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Celeriac.Amqp.Library;

/// <summary>Hands what RabbitMQ.Client tells a consumer on to ours.</summary>
internal sealed class LibraryConsumer(IChannel channel, LibraryAcknowledgements acknowledgements, IAmqpConsumer consumer) : IAsyncBasicConsumer
{
    public IChannel Channel => channel;

    public Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        acknowledgements.Delivered(deliveryTag);
        consumer.Delivered(new Incoming(deliveryTag, redelivered, ReceivedMessage.From(LibraryProperties.Read(properties, body), exchange, routingKey)));
        return Task.CompletedTask;
    }

    public Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        consumer.Cancelled();
        return Task.CompletedTask;
    }

    public Task HandleBasicCancelOkAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        consumer.Ended();
        return Task.CompletedTask;
    }

    public Task HandleBasicConsumeOkAsync(string consumerTag, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason)
    {
        consumer.Ended();
        return Task.CompletedTask;
    }
}
