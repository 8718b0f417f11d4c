using System.Diagnostics;
using Celeriac.Messaging;

namespace Celeriac.Diagnostics;

/// <summary>
/// The trace context in a message's headers: <c>traceparent</c>, <c>tracestate</c> and <c>baggage</c> beside Celery's own, where Python's instrumentation puts and looks for them.
/// </summary>
internal static class TraceHeaders
{
    /// <summary>The name of an activity that nobody listens to, which stands for its parent in another process.</summary>
    public const string StandIn = "celeriac.stand_in";

    private const string Parent = "traceparent";

    /// <summary>Adds the context of a span; nothing where there is none, or where the caller's own headers carry one.</summary>
    public static void Add(List<KeyValuePair<string, HeaderValue>> headers, Activity? span)
    {
        if (span is not null)
        {
            DistributedContextPropagator.Current.Inject(span, headers, static (carrier, name, value) =>
            {
                var present = (List<KeyValuePair<string, HeaderValue>>)carrier!;
                if (!present.Exists(header => header.Key == name))
                {
                    present.Add(new(name, value));
                }
            });
            if (span.OperationName == StandIn)
            {
                NameParent(headers, span);
            }
        }
    }

    // A method of its own: what it captures is allocated only here.
    private static void NameParent(List<KeyValuePair<string, HeaderValue>> headers, Activity standIn)
    {
        if (headers.FindIndex(header => header.Key == Parent && header.Value == standIn.Id) is >= 0 and var place)
        {
            headers[place] = new(Parent, standIn.ParentId);
        }
    }

    /// <summary>The context that a message carries; the default where it carries none, or something else.</summary>
    public static ActivityContext Read(MessageHeaders headers)
    {
        DistributedContextPropagator.Current.ExtractTraceIdAndState(headers, Get, out var parent, out var state);
        return ActivityContext.TryParse(parent, state, isRemote: true, out var context) ? context : default;
    }

    /// <summary>The baggage that a message carries, for the span of its run.</summary>
    public static void AddBaggage(Activity span, MessageHeaders headers)
    {
        foreach (var (key, value) in DistributedContextPropagator.Current.ExtractBaggage(headers, Get) ?? [])
        {
            span.AddBaggage(key, value);
        }
    }

    private static void Get(object? carrier, string name, out string? value, out IEnumerable<string>? values)
    {
        value = ((MessageHeaders)carrier!).TextOf(name);
        values = null;
    }
}
