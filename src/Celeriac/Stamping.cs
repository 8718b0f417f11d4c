using Celeriac.Messaging;

namespace Celeriac;

/// <summary>Walks through a workflow and stamps its plain tasks, callbacks and errbacks (CELERY-PROTOCOL section 11). Workflows themselves carry no stamps.</summary>
internal sealed class Stamping(StampingVisitor? visitor, bool appends)
{
    /// <summary>On the wire a stamp stands among the options of its signature, and Python gives it to <c>apply_async</c> by name: it must not have the name of another.</summary>
    private static readonly HashSet<string> s_reserved = new(StringComparer.Ordinal)
    {
        "stamped_headers", "stamps", "visitor", "append_stamps", "name", "args", "kwargs", "task_id", "task_type", "app", "link", "link_error", "chain", "chord", "group_id", "group_index",
        "root_id", "parent_id", "add_to_parent", "retries", "retry", "retry_policy", "replaced_task_nesting", "origin", "reply_to", "correlation_id", "queue", "exchange", "routing_key",
        "route_name", "router", "priority", "countdown", "eta", "expires", "expiration", "time_limit", "soft_time_limit", "ignore_result", "shadow", "serializer", "compression", "headers",
        "argsrepr", "kwargsrepr", "producer", "publisher", "connection", "result_cls", "now", "timezone", "create_sent_event", "callbacks", "errbacks", "delivery_mode", "mandatory",
        "immediate", "declare", "content_type", "content_encoding", "body", "timeout", "celeriac_kept",
    };

    /// <summary>The same with what a visitor says, and with some stamps on every task.</summary>
    public static Signature Stamp(Signature signature, StampingVisitor? visitor, MessageHeaders stamps, bool appends) =>
        new Stamping(visitor, appends).Visit(signature, Checked(stamps));

    private Signature Visit(Signature signature, MessageHeaders above) => signature.Canvas switch
    {
        null => Task(signature, above),
        CanvasNode.Chain chain => Chain(signature, chain, above),
        CanvasNode.Group group => Group(signature, group, above),
        CanvasNode.Chord chord => Chord(signature, chord, above),
        _ => throw new InvalidOperationException($"A workflow cannot be a {signature.Canvas.GetType().Name}."),
    };

    private Signature Task(Signature task, MessageHeaders above)
    {
        var stamped = Links(task, above);
        var stamps = Below(above, visitor?.OnSignature(task, above));
        return stamps.Count == 0 ? stamped : stamped with { Options = stamped.Options with { Stamps = Join(task.Options.Stamps ?? MessageHeaders.Empty, stamps) } };
    }

    private Signature Chain(Signature signature, CanvasNode.Chain chain, MessageHeaders above)
    {
        var stamps = Below(above, visitor?.OnChainStart(signature, above));
        var stamped = Links(signature, stamps) with { Canvas = chain with { Tasks = [.. chain.Tasks.Select(task => Visit(task, stamps))] } };
        visitor?.OnChainEnd(signature, stamps);
        return stamped;
    }

    private Signature Group(Signature signature, CanvasNode.Group group, MessageHeaders above)
    {
        var stamps = Below(above, visitor?.OnGroupStart(signature, above));
        var stamped = Members(Links(signature, stamps), group, stamps);
        visitor?.OnGroupEnd(signature, stamps);
        return stamped;
    }

    private Signature Chord(Signature signature, CanvasNode.Chord chord, MessageHeaders above)
    {
        var stamps = Below(above, visitor?.OnChordHeaderStart(signature, above));
        var stamped = Links(signature, stamps);
        var header = chord.Header.Canvas is CanvasNode.Group group ? Members(chord.Header, group, stamps) : Visit(chord.Header, stamps);
        visitor?.OnChordHeaderEnd(signature, stamps);
        var body = Visit(chord.Body, Below(stamps, visitor?.OnChordBody(signature, stamps)));
        return stamped with { Canvas = chord with { Header = header, Body = body } };
    }

    private Signature Members(Signature signature, CanvasNode.Group group, MessageHeaders stamps) =>
        signature with { Canvas = group with { Tasks = [.. group.Tasks.Select(task => Visit(task, stamps))] } };

    /// <summary>A link gets what comes from above its task, and not what the task itself was given.</summary>
    private Signature Links(Signature signature, MessageHeaders above) => signature.Links.Count + signature.LinkErrors.Count == 0 ? signature : signature with
    {
        Links = [.. signature.Links.Select(link => Visit(link, Below(above, visitor?.OnCallback(link, above))))],
        LinkErrors = [.. signature.LinkErrors.Select(link => Visit(link, Below(above, visitor?.OnErrback(link, above))))],
    };

    private MessageHeaders Below(MessageHeaders above, MessageHeaders? given) => given is null or { Count: 0 } ? above : Join(above, Checked(given));

    /// <summary>Both, in which the later wins or, where stamps are appended, both values stand in a list.</summary>
    private MessageHeaders Join(MessageHeaders earlier, MessageHeaders later) => later.Count == 0 ? earlier : earlier.Count == 0 ? later
        : new MessageHeaders(earlier.Select(stamp => !later.Contains(stamp.Key) ? stamp : new(stamp.Key, appends ? Both(stamp.Value, later[stamp.Key]) : later[stamp.Key]))
            .Concat(later.Where(stamp => !earlier.Contains(stamp.Key))));

    private static HeaderValue Both(HeaderValue earlier, HeaderValue later) =>
        earlier == later ? earlier : HeaderValue.From([.. ValuesOf(earlier).Concat(ValuesOf(later)).Distinct()]);

    private static IEnumerable<HeaderValue> ValuesOf(HeaderValue value) => value.Kind == HeaderKind.List ? value.AsList() : [value];

    private static MessageHeaders Checked(MessageHeaders stamps) => stamps.FirstOrDefault(stamp => s_reserved.Contains(stamp.Key)).Key is not { } name ? stamps
        : throw new ArgumentException($"A stamp cannot be called '{name}': Celery has an option of that name, and a signature carries both side by side. Choose another name.", nameof(stamps));
}
