namespace Celeriac;

/// <summary>How messages are sent again.</summary>
public sealed record QuarantineRetry
{
    /// <summary>Keep the count of retries that the message has. Default false: it begins with none, as a new one does.</summary>
    public bool KeepRetries { get; init; }

    /// <summary>Send also what has expired, without its expiry. Default false: it stays, because a worker would revoke it at once.</summary>
    public bool IgnoreExpires { get; init; }
}

/// <summary>What a look at a quarantine has found.</summary>
/// <param name="Messages">The messages that fit, oldest first.</param>
/// <param name="Unseen">
/// At least so many messages were there and were not looked at, because the broker did not hand them out: ActiveMQ hands out no more than its <c>maxPageSize</c> at once,
/// and somebody else may hold some. Not those that the limit has left out. 0 where all were looked at.
/// </param>
public sealed record QuarantineListing(IReadOnlyList<QuarantinedMessage> Messages, long Unseen);

/// <summary>What a retry or a deletion has done.</summary>
/// <param name="Count">How many messages were sent again or deleted.</param>
/// <param name="Expired">How many were to be sent again but stay, because they have expired; see <see cref="QuarantineRetry.IgnoreExpires"/>.</param>
/// <param name="Unseen">As in <see cref="QuarantineListing"/>.</param>
public sealed record QuarantineChange(int Count, int Expired, long Unseen);

/// <summary>How many messages a quarantine holds.</summary>
/// <param name="ByReason">How many of each <see cref="QuarantinedMessage.Reason"/>.</param>
/// <param name="Unseen">As in <see cref="QuarantineListing"/>.</param>
public sealed record QuarantineCounts(IReadOnlyDictionary<string, int> ByReason, long Unseen)
{
    /// <summary>How many were counted.</summary>
    public int Total => ByReason.Values.Sum();
}
