namespace Celeriac;

/// <summary>Puts workflows together in Celery's canonical form: chains in chains and groups in groups are flattened, and a group that something follows is a chord (CELERY-PROTOCOL section 6).</summary>
internal static class Workflow
{
    public static Signature Chain(Signature left, Signature right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        var tasks = Canonical(ElementsOf(left).Concat(ElementsOf(right)), unrolls: false);
        return tasks.Count == 1 ? tasks[0] : new Signature("celery.chain") { Canvas = new CanvasNode.Chain(tasks) };
    }

    /// <summary>
    /// The elements of a chain as they are sent: a group with what follows is a chord, what follows a chord belongs to its body, unless it is a chord too: else messages would
    /// grow without bound.
    /// </summary>
    /// <param name="elements">The elements.</param>
    /// <param name="unrolls">
    /// True where a group of one is that one, and an empty group nothing, as Celery's <c>chain(…)</c> has it. Its operator <c>|</c> makes chords of them, as the types here want.
    /// </param>
    public static List<Signature> Canonical(IEnumerable<Signature> elements, bool unrolls = true)
    {
        List<Signature> tasks = [];
        foreach (var element in elements)
        {
            var last = tasks.Count > 0 ? tasks[^1] : null;
            switch (last?.Canvas)
            {
                case CanvasNode.Group { Tasks.Count: 0 } when unrolls:
                    tasks[^1] = element;
                    break;
                case CanvasNode.Group { Tasks.Count: 1 } one when unrolls:
                    tasks[^1] = one.Tasks[0];
                    tasks.Add(element);
                    break;
                case CanvasNode.Group:
                    tasks[^1] = Chord(last, element);
                    break;
                case CanvasNode.Chord chord when element.Canvas is not CanvasNode.Chord:
                    tasks[^1] = last with { Canvas = chord with { Body = Chain(chord.Body, element) } };
                    break;
                default:
                    tasks.Add(element);
                    break;
            }
        }
        return tasks;
    }

    public static Signature Chord(Signature header, Signature body)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(body);
        var group = header.Canvas is CanvasNode.Group ? header : Group([header]);
        return new Signature("celery.chord") { Canvas = new CanvasNode.Chord(group, body) };
    }

    public static Signature Group(IEnumerable<Signature> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        List<Signature> tasks = [];
        foreach (var member in members)
        {
            ArgumentNullException.ThrowIfNull(member, nameof(members));
            tasks.AddRange(member.Canvas is CanvasNode.Group inner ? inner.Tasks : [member]);
        }
        return new Signature("celery.group") { Canvas = new CanvasNode.Group(tasks) };
    }

    public static Signature Link(Signature signature, Signature callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return signature.Canvas switch
        {
            CanvasNode.Chain chain => signature with { Canvas = chain with { Tasks = [.. chain.Tasks.SkipLast(1), Link(chain.Tasks[^1], callback)] } },
            CanvasNode.Group group => signature with { Canvas = group with { Tasks = [.. group.Tasks.Select(task => Link(task, callback))] } },
            CanvasNode.Chord chord => signature with { Canvas = chord with { Body = Link(chord.Body, callback) } },
            _ => signature with { Links = [.. signature.Links, callback] },
        };
    }

    public static Signature LinkError(Signature signature, Signature errback)
    {
        ArgumentNullException.ThrowIfNull(errback);
        return signature.Canvas is CanvasNode.Chord chord
            ? signature with { Canvas = chord with { Body = LinkError(chord.Body, errback) } }
            : InEach(signature, task => LinkError(task, errback)) ?? signature with { LinkErrors = [.. signature.LinkErrors, errback] };
    }

    public static Signature Set(Signature signature, Func<SendOptions, SendOptions> change)
    {
        if (signature.Canvas is null)
        {
            return signature with { Options = change(signature.Options) };
        }
        // One id for many tasks would make one task of them.
        var whole = InEach(signature, SetOne)!;
        if (whole.Canvas is CanvasNode.Chord chord)
        {
            whole = whole with { Canvas = chord with { Body = SetOne(chord.Body) } };
        }
        return whole with { Options = whole.Options with { TaskId = change(whole.Options).TaskId } };

        Signature SetOne(Signature task) => Set(task, options => change(options) with { TaskId = options.TaskId });
    }

    public static Signature Immutable(Signature signature) => signature.Canvas switch
    {
        CanvasNode.Chain { Tasks.Count: > 0 } chain => signature with { Canvas = chain with { Tasks = [Immutable(chain.Tasks[0]), .. chain.Tasks.Skip(1)] } },
        CanvasNode.Group or CanvasNode.Chord => InEach(signature, Immutable)!,
        _ => signature with { Immutable = true },
    };

    /// <summary>A JSON array with one more value in front.</summary>
    public static ReadOnlyMemory<byte> Prepend(ReadOnlyMemory<byte> value, ReadOnlyMemory<byte> array)
    {
        var rest = array.Span[1..].TrimStart(" \t\r\n"u8);
        var separator = rest is [(byte)']', ..] ? 0 : 1;
        var joined = new byte[1 + value.Length + separator + rest.Length];
        joined[0] = (byte)'[';
        value.CopyTo(joined.AsMemory(1));
        if (separator == 1)
        {
            joined[1 + value.Length] = (byte)',';
        }
        rest.CopyTo(joined.AsSpan(1 + value.Length + separator));
        return joined;
    }

    private static IEnumerable<Signature> ElementsOf(Signature signature)
    {
        if (signature.Canvas is not CanvasNode.Chain chain)
        {
            return [signature];
        }
        // The id of a chain is that of its last task, wherever it comes to stand.
        return signature.Options.TaskId is { } id && chain.Tasks is [.., { Options.TaskId: null } last]
            ? [.. chain.Tasks.SkipLast(1), last with { Options = last.Options with { TaskId = id } }]
            : chain.Tasks;
    }

    /// <summary>Null for a plain task.</summary>
    private static Signature? InEach(Signature signature, Func<Signature, Signature> change) => signature.Canvas switch
    {
        CanvasNode.Chain chain => signature with { Canvas = chain with { Tasks = [.. chain.Tasks.Select(change)] } },
        CanvasNode.Group group => signature with { Canvas = group with { Tasks = [.. group.Tasks.Select(change)] } },
        CanvasNode.Chord chord => signature with { Canvas = chord with { Header = change(chord.Header) } },
        _ => null,
    };
}
