using Celeriac.Amqp;
using Celeriac.Messaging;

[assembly: Transport("amqp", typeof(AmqpTransportFactory))]
[assembly: Transport("amqps", typeof(AmqpTransportFactory))]

namespace Celeriac.Amqp;

/// <summary>
/// Makes transports for RabbitMQ: <c>amqp://user:password@host:5672/vhost</c>, and <c>amqps://…:5671/…</c> over TLS.
/// Several servers are parted by semicolons; the options of the first hold for all.
/// </summary>
/// <remarks>
/// Options: <c>connect_timeout</c>, <c>reconnect_delay</c>, <c>reconnect_delay_max</c>, <c>publish_timeout</c> and <c>heartbeat</c> as on every broker;
/// <c>max_body</c> (the largest body in bytes that is published, default 128 MiB, which is also RabbitMQ's own default);
/// <c>queue_type</c> (<c>classic</c>, the default, declares queues as Celery does; <c>quorum</c> declares durable queues with <c>x-queue-type: quorum</c>);
/// <c>delay_queue_type</c> (the queues in which delayed messages wait: <c>quorum</c>, the default, hands a message on with a confirmation;
/// <c>classic</c> needs less of the broker and may lose a delayed message when the broker dies at the wrong moment);
/// <c>auth</c> (<c>plain</c>, the default, or <c>external</c>: the user comes from the client's certificate).
/// <c>client</c> (<c>rabbitmq</c>, the default, connects with RabbitMQ.Client; <c>celeriac</c> with an AMQP connection of our own, which costs less processor time).
/// For <c>amqps</c>: <c>ca</c> (a file of trusted certificates in PEM; default the system's), <c>client_certificate</c> (PEM with <c>client_key</c>, or PKCS #12
/// with <c>client_certificate_password</c>), <c>server_name</c> (the name the server's certificate must have; default the host), <c>verify=false</c> (trusts any server: for tests).
/// </remarks>
public sealed class AmqpTransportFactory : ITransportFactory
{
    /// <inheritdoc/>
    public ITransport Create(BrokerUrl url, TransportContext context)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(context);
        return new AmqpTransport(url, AmqpOptions.From(url), context);
    }
}
