namespace Celeriac.Stomp;

/// <summary>A subscription to a destination.</summary>
public sealed class StompSubscriptionOptions
{
    /// <summary>Its name on the connection; the server repeats it in every message.</summary>
    public required string Id { get; init; }

    /// <summary>What is subscribed, in the server's own syntax, such as <c>/queue/mail</c>.</summary>
    public required string Destination { get; init; }

    /// <summary>How messages are acknowledged. Default: <see cref="StompAckMode.Auto"/>, as in STOMP.</summary>
    public StompAckMode AckMode { get; init; }

    /// <summary>More headers for the server, such as <c>activemq.prefetchSize</c> or <c>prefetch-count</c>. Default: none.</summary>
    public StompHeaders Headers { get; init; } = StompHeaders.Empty;
}
