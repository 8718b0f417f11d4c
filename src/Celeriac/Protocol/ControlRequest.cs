using System.Text.Json;

namespace Celeriac.Protocol;

/// <summary>Where the answer to a request goes.</summary>
internal sealed record ControlReplyTo(string Exchange, string RoutingKey, string? Ticket);

/// <summary>One remote control request (CELERY-PROTOCOL section 15.1).</summary>
/// <param name="Method">The command.</param>
/// <param name="Arguments">Its arguments: an object.</param>
internal sealed record ControlRequest(string Method, JsonElement Arguments)
{
    /// <summary>Which nodes are meant.</summary>
    public required ControlAddress Address { get; init; }

    /// <summary>Where the answer goes; null where none is wanted.</summary>
    public ControlReplyTo? ReplyTo { get; init; }

    /// <summary>The sender's logical clock; 0 where it told none.</summary>
    public long Clock { get; init; }

    /// <summary>Not after this moment, in Unix seconds; 0 for any time.</summary>
    public double Expires { get; init; }
}
