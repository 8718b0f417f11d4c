using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Working;

/// <summary>A task at whose end a workflow goes on: what the next ones have from it.</summary>
/// <param name="Id">Its id; the ids of those that have none yet follow from it.</param>
/// <param name="ParentId">Who sends the next ones.</param>
/// <param name="RootId">The first task of the whole workflow.</param>
/// <param name="Received">The headers it came with.</param>
internal sealed record WorkflowStep(string Id, string? ParentId, string? RootId, MessageHeaders Received)
{
    /// <summary>Where its result goes. Without an address of its own a next task answers there too: there somebody may wait.</summary>
    public string? ReplyTo { get; init; }

    public byte? Priority { get; init; }

    /// <summary>The stamps that the next ones carry on.</summary>
    public MessageHeaders? Stamps => Received[TaskHeader.Stamps] is { Kind: HeaderKind.Map } stamps ? stamps.AsMap() : null;

    public static WorkflowStep Of(TaskRequest request) => new(request.Id, request.Id, request.RootId ?? request.Id, request.Message.Headers)
    {
        ReplyTo = request.ReplyTo,
        Priority = request.Message.Priority,
    };

    /// <summary>A next task's own headers, and those of the trace that leads through the whole workflow.</summary>
    public MessageHeaders? Headers(MessageHeaders? own)
    {
        var trace = Received.Where(header => header.Key is "traceparent" or "tracestate" or "baggage" && own?.Contains(header.Key) is not true).ToList();
        var given = (own ?? MessageHeaders.Empty).Where(header => !TaskHeader.IsReserved(header.Key));
        return trace.Count == 0 && own is null ? null : new MessageHeaders(given.Concat(trace));
    }
}
