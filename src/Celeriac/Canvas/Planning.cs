using Celeriac.Protocol;

namespace Celeriac.Canvas;

/// <summary>From a frozen workflow to the tasks that are sent now, each with what comes after it in its message. The client and the worker that follows plan alike.</summary>
internal static class Planning
{
    /// <summary>The tasks to send now.</summary>
    /// <param name="frozen">The workflow.</param>
    /// <param name="value">What goes in front of the arguments, as JSON; null for nothing.</param>
    /// <param name="rest">The rest of the chain that this stands in, as a message carries it.</param>
    /// <exception cref="NotSupportedException">There is a chord in what comes now.</exception>
    public static IEnumerable<Signature> Now(Signature frozen, ReadOnlyMemory<byte>? value = null, ReadOnlyMemory<byte> rest = default)
    {
        switch (frozen.Canvas)
        {
            case null:
                return [Ready(frozen, value, rest)];
            case CanvasNode.Chain { Tasks.Count: 0 }:
                return [];
            case CanvasNode.Chain chain:
                return Now(chain.Tasks[0], value, SignatureJson.Append(rest, [.. chain.Tasks.Skip(1).Reverse()]));
            case CanvasNode.Group group when rest.IsEmpty:
                return group.Tasks.SelectMany(task => Now(task, value));
            default:
                // What follows a group, or a chord itself.
                throw new NotSupportedException(Workflow.ChordsAreMissing);
        }
    }

    private static Signature Ready(Signature task, ReadOnlyMemory<byte>? value, ReadOnlyMemory<byte> rest) => task with
    {
        Args = value is { } result && !task.Immutable ? Workflow.Prepend(result, task.Args) : task.Args,
        ChainBytes = rest,
        ChordBytes = SignatureOptions.Unknown(task.Options, "chord"),
    };
}
