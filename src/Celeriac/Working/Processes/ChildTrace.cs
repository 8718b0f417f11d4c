using System.Diagnostics;
using Celeriac.Diagnostics;

namespace Celeriac.Working.Processes;

/// <summary>The worker's span of a run as the parent of what its task does in a child, whose process may have nobody who listens.</summary>
internal static class ChildTrace
{
    /// <summary>Begins; null where the worker has no span. Dispose what it answers.</summary>
    public static Activity? Begin(RunOrder order)
    {
        if (order.TraceParent is not { } parent || !ActivityContext.TryParse(parent, order.TraceState, isRemote: true, out var context))
        {
            return null;
        }
        if (Telemetry.Source.StartActivity($"run {order.Queue}", ActivityKind.Internal, context) is { } span)
        {
            return span;
        }
        var standIn = new Activity(TraceHeaders.StandIn) { TraceStateString = order.TraceState };
        return standIn.SetParentId(parent).Start();
    }
}
