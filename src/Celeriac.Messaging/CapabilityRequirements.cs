namespace Celeriac.Messaging;

/// <summary>
/// Refuses, in the same words on every transport, what <see cref="TransportCapabilities"/> does not claim. Transports call it before they do anything.
/// </summary>
public static class CapabilityRequirements
{
    /// <summary>Refuses a type of exchange that the transport does not have.</summary>
    /// <exception cref="TransportRefusedException">The transport has no such exchanges.</exception>
    public static void Require(this TransportCapabilities can, ExchangeDeclaration wanted)
    {
        ArgumentNullException.ThrowIfNull(can);
        ArgumentNullException.ThrowIfNull(wanted);
        Require(can.Exchanges,
            $"Exchange '{wanted.Name}' cannot be declared: this transport has no {Word(wanted.Type)} exchanges, only the default exchange. Publish to each queue by its name, or use another broker.");
        Require(wanted.Type != ExchangeType.Fanout || can.Fanout,
            $"Exchange '{wanted.Name}' asks for fanout, but this transport has no fanout exchanges. Publish to each queue, or use another broker.");
        Require(wanted.Type != ExchangeType.Topic || can.Topic,
            $"Exchange '{wanted.Name}' asks for topics, but this transport has no topic exchanges. Bind exact keys to a direct exchange, or use another broker.");
    }

    /// <summary>Refuses a binding where the transport has no exchanges.</summary>
    /// <exception cref="TransportRefusedException">The transport has only the default exchange.</exception>
    public static void Require(this TransportCapabilities can, Binding wanted)
    {
        ArgumentNullException.ThrowIfNull(can);
        ArgumentNullException.ThrowIfNull(wanted);
        Require(can.Exchanges,
            $"Queue '{wanted.Queue}' cannot be bound to exchange '{wanted.Exchange}': this transport has only the default exchange. Publish to the queue by its name, or use another broker.");
    }

    /// <summary>Refuses to count a queue where the transport cannot.</summary>
    /// <exception cref="TransportRefusedException">The transport cannot count.</exception>
    public static void RequireCounts(this TransportCapabilities can, string queue)
    {
        ArgumentNullException.ThrowIfNull(can);
        Require(can.Counts, $"Queue '{queue}' cannot be counted: this transport does not tell how many messages a queue has. Ask the broker itself, or use another transport.");
    }

    /// <summary>Refuses properties of a queue that the transport does not have.</summary>
    /// <exception cref="TransportRefusedException">A property needs a capability that is not claimed.</exception>
    public static void Require(this TransportCapabilities can, QueueDeclaration wanted)
    {
        ArgumentNullException.ThrowIfNull(can);
        ArgumentNullException.ThrowIfNull(wanted);
        Require(wanted.MaxPriority is null or 0 || wanted.MaxPriority <= can.MaxPriority, can.MaxPriority == 0
            ? $"Queue '{wanted.Name}' asks for priority {wanted.MaxPriority}, but this transport has no priorities. Leave MaxPriority out, or use a queue for each priority."
            : $"Queue '{wanted.Name}' asks for priority {wanted.MaxPriority}, but this transport has 0–{can.MaxPriority}. Lower MaxPriority.");
        Require(wanted.Expires is null || can.QueueExpiry,
            $"Queue '{wanted.Name}' asks to expire after {wanted.Expires}, but queues do not expire on this transport. Leave Expires out and delete the queue yourself.");
        Require(wanted.MessageTimeToLive is null || can.MessageExpiry,
            $"Queue '{wanted.Name}' asks for a message time to live of {wanted.MessageTimeToLive}, but messages do not expire on this transport. Leave MessageTimeToLive out.");
        Require((wanted.DeadLetterExchange ?? wanted.DeadLetterRoutingKey) is null || can.DeadLetter,
            $"Queue '{wanted.Name}' asks for a dead-letter exchange, but this transport has none. Leave DeadLetterExchange out and publish refused messages yourself.");
    }

    /// <summary>Refuses a delay or an expiration that the transport does not have.</summary>
    /// <param name="can">What the transport can do.</param>
    /// <param name="wanted">What is to be published.</param>
    /// <param name="now">The transport's time.</param>
    /// <exception cref="TransportRefusedException">The publication needs a capability that is not claimed.</exception>
    public static void Require(this TransportCapabilities can, in Publication wanted, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(can);
        // Asked for every message: the sentence is written only where one is refused.
        if (wanted.Due is { } due && due > now)
        {
            RequireDelay(can, wanted.RoutingKey, due, now);
        }
        if (wanted.Exchange.Length > 0 && !can.Exchanges)
        {
            throw new TransportRefusedException($"The message cannot be published to exchange '{wanted.Exchange}': this transport has only the default exchange. Publish to a queue by its name, or use another broker.");
        }
        if (wanted.Message.Expiration is { } expiration && !can.MessageExpiry)
        {
            throw new TransportRefusedException($"The message for '{wanted.RoutingKey}' asks to expire after {expiration}, but messages do not expire on this transport. Leave Expiration out.");
        }
    }

    /// <summary>Refuses a completion's document where the transport cannot store.</summary>
    /// <exception cref="TransportRefusedException">The transport has no documents.</exception>
    public static void Require(this TransportCapabilities can, Completion wanted)
    {
        ArgumentNullException.ThrowIfNull(can);
        ArgumentNullException.ThrowIfNull(wanted);
        if (wanted.Document is { } document && !can.Documents)
        {
            throw new TransportRefusedException($"The completion carries document '{document.Key}', but this transport stores no documents. Write it to a result store before you complete.");
        }
    }

    private static void RequireDelay(TransportCapabilities can, string routingKey, DateTimeOffset due, DateTimeOffset now)
    {
        Require(can.Delay,
            $"The message for '{routingKey}' asks for a delay until {due:O}, but this transport has no delayed messages. Send it when it is due, or use another broker.");
        Require(can.LongestDelay is not { } longest || due - now <= longest,
            $"The message for '{routingKey}' asks for a delay until {due:O}, but the longest delay on this transport is {can.LongestDelay}. Choose an earlier time.");
    }

    private static string Word(ExchangeType type) => type switch
    {
        ExchangeType.Direct => "direct",
        ExchangeType.Fanout => "fanout",
        _ => "topic",
    };

    private static void Require(bool condition, string refusal)
    {
        if (!condition)
        {
            throw new TransportRefusedException(refusal);
        }
    }
}
