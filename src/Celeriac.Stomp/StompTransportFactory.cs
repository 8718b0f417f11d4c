using Celeriac.Messaging;
using Celeriac.Stomp;

[assembly: Transport("stomp", typeof(StompTransportFactory))]
[assembly: Transport("stomp+ssl", typeof(StompTransportFactory))]

namespace Celeriac.Stomp;

/// <summary>
/// Serves <c>stomp://user:password@host:61613</c> and, over TLS, <c>stomp+ssl://…:61614</c>: ActiveMQ, and RabbitMQ with its STOMP plug-in.
/// Which of the two it is the server says.
/// </summary>
public sealed class StompTransportFactory : ITransportFactory
{
    /// <inheritdoc/>
    public ITransport Create(BrokerUrl url, TransportContext context)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(context);
        return new StompTransport(url, StompUrlOptions.From(url), context);
    }
}
