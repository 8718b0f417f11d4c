using Celeriac.Messaging;
using Celeriac.Stomp.Messages;

namespace Celeriac.Stomp.Receiving;

/// <summary>MESSAGE frames as deliveries.</summary>
internal static class Deliveries
{
    internal static Delivery Of(StompTransport transport, StompConnection connection, long generation, StompConsumer consumer, StompFrame frame, long tag)
    {
        var incoming = IncomingMessage.Read(frame, connection.Broker.ReadReplyTo);
        return new Delivery(transport, incoming.Message, consumer.Queue, new DeliveryClaim(tag, generation, consumer.Number))
        {
            Exchange = incoming.Exchange,
            RoutingKey = incoming.RoutingKey ?? consumer.Queue,
            Redelivered = incoming.Redelivered,
        };
    }
}
