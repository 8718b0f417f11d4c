namespace Celeriac.Messaging;

/// <summary>A messaging system failed or could not be reached. The call may succeed later.</summary>
public class TransportException : Exception
{
    /// <summary>Creates the exception.</summary>
    public TransportException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}

/// <summary>The messaging system or the transport refuses what was asked. The same call will fail again.</summary>
public class TransportRefusedException : TransportException
{
    /// <summary>Creates the exception.</summary>
    public TransportRefusedException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}

/// <summary>A mandatory publication reached no queue. Nothing was stored.</summary>
public sealed class UnroutableException : TransportRefusedException
{
    /// <summary>Creates the exception.</summary>
    public UnroutableException(string exchange, string routingKey)
        : base(exchange.Length == 0
            ? $"The message was not stored: there is no queue '{routingKey}'. Declare the queue first, or start a worker that consumes it."
            : $"The message was not stored: exchange '{exchange}' does not exist or has no queue bound for routing key '{routingKey}'. Declare and bind a queue first.")
    {
        Exchange = exchange;
        RoutingKey = routingKey;
    }

    /// <summary>The exchange it was published to.</summary>
    public string Exchange { get; }

    /// <summary>The routing key it was published with.</summary>
    public string RoutingKey { get; }
}

/// <summary>The wait for the broker's confirmation ended: the message may or may not have arrived.</summary>
public sealed class PublishUnknownException : TransportException
{
    /// <summary>Creates the exception.</summary>
    public PublishUnknownException(string message, string? messageId, Exception? innerException = null) : base(message, innerException) => MessageId = messageId;

    /// <summary>The correlation id (the task id) of the first message whose outcome is unknown.</summary>
    public string? MessageId { get; }
}

/// <summary>Some publications of a list failed; the others are durable.</summary>
public sealed class PublishException : TransportException
{
    /// <summary>Creates the exception.</summary>
    public PublishException(IReadOnlyList<(int Index, Exception Error)> failures, int count)
        : base($"{failures.Count} of {count} publications failed; the others are durable. First failure, at index {failures[0].Index}: {failures[0].Error.Message}", failures[0].Error) =>
        Failures = failures;

    /// <summary>The failed publications by their index in the list.</summary>
    public IReadOnlyList<(int Index, Exception Error)> Failures { get; }

    /// <summary>What the failures mean for a completion, whose follow-ups go together: a refusal, which would come again every time, weighs more than a broker that was away.</summary>
    internal TransportException Decisive =>
        Failures.Select(failure => failure.Error).OfType<TransportRefusedException>().FirstOrDefault() ?? (TransportException)this;
}

/// <summary>A delivery was settled a second time.</summary>
public sealed class AlreadySettledException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    public AlreadySettledException(Delivery delivery, Settlement first, Settlement second)
        : base($"The delivery from queue '{delivery.Queue}' was already settled with {first} and cannot be settled again with {second}. Settle each delivery once.")
    {
        First = first;
        Second = second;
    }

    /// <summary>How it was settled.</summary>
    public Settlement First { get; }

    /// <summary>How it was to be settled again.</summary>
    public Settlement Second { get; }
}

/// <summary>A broker URL cannot be understood. The message never contains the password.</summary>
public sealed class BrokerUrlException : FormatException
{
    /// <summary>Creates the exception.</summary>
    public BrokerUrlException(string message) : base(message)
    {
    }
}
