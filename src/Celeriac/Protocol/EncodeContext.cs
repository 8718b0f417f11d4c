using System.Diagnostics;

namespace Celeriac.Protocol;

/// <summary>What the client has decided about a call before it is encoded.</summary>
/// <param name="TaskId">The task's id.</param>
/// <param name="RootId">The first task of the whole workflow.</param>
/// <param name="ParentId">The sending task; null outside a task.</param>
/// <param name="Origin">The sender's node name.</param>
/// <param name="Eta">Not before this time.</param>
/// <param name="Expires">Not after this time.</param>
/// <param name="ReplyTo">The queue for an rpc result.</param>
/// <param name="Trace">The span whose context the message carries; null for none.</param>
internal readonly record struct EncodeContext(
    string TaskId, string RootId, string? ParentId, string Origin, DateTimeOffset? Eta, DateTimeOffset? Expires, string? ReplyTo, Activity? Trace = null)
{
    /// <summary>The claim of a unique task, as its header; null for none.</summary>
    public string? Unique { get; init; }

    /// <summary>The priority by call, declaration and route; null for the signature's own.</summary>
    public byte? Priority { get; init; }
}
