using Celeriac.Stomp.Messages;

namespace Celeriac.Stomp.Brokers;

/// <summary>A received message as a SEND that puts it back at the end of its queue.</summary>
internal static class Copies
{
    private static readonly HashSet<string> OfDelivery = new(StringComparer.Ordinal)
    {
        WireHeaders.Destination, WireHeaders.Redelivered, "content-length", "message-id", "subscription", "ack", "redelivered", "timestamp",
        "receipt", "transaction", "scheduledJobId",
    };

    internal static StompFrame Of(StompFrame received, string destination)
    {
        var headers = new List<KeyValuePair<string, string>>(received.Headers.Count + 1) { new(WireHeaders.Redelivered, "true") };
        foreach (var header in received.Headers)
        {
            // ActiveMQ drops the connection for an empty expires, and reads any AMQ_ header as an order.
            var isOrder = header.Key.StartsWith("AMQ_", StringComparison.Ordinal) || (header.Key == WireHeaders.Expires && header.Value.Length == 0);
            if (!isOrder && !OfDelivery.Contains(header.Key))
            {
                headers.Add(header);
            }
        }
        return StompFrames.Send(destination, received.Body, StompHeaders.Create(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(headers)));
    }
}
