using Celeriac.Protocol;

namespace Celeriac.Canvas;

/// <summary>
/// From a frozen workflow to the tasks that are sent now, each with what comes after it in its message, and the chords that begin. The client and the worker
/// that follows plan alike.
/// </summary>
/// <param name="keepsBodies">
/// True where the bodies of chords are kept in shared state, and messages carry little more than their ids: else a chord of chords is as large as the product of its
/// headers. Not where Python counts too, for it reads the body in the message.
/// </param>
internal sealed class Planning(bool keepsBodies)
{
    private const int SmallBody = 1024;

    /// <summary>The tasks to send now.</summary>
    public List<Signature> Tasks { get; } = [];

    /// <summary>The chords that begin with them.</summary>
    public List<PlannedChord> Chords { get; } = [];

    /// <summary>Plans one more workflow.</summary>
    /// <param name="frozen">The workflow.</param>
    /// <param name="value">What goes in front of the arguments, as JSON; null for nothing.</param>
    /// <param name="rest">The rest of the chain that this stands in, as a message carries it.</param>
    public void Add(Signature frozen, ReadOnlyMemory<byte>? value = null, ReadOnlyMemory<byte> rest = default)
    {
        rest = Join(rest, SignatureOptions.Unknown(frozen.Options, CanvasTree.ChainOption));
        switch (frozen.Canvas)
        {
            case null:
                Tasks.Add(Ready(frozen, value, rest));
                break;
            case CanvasNode.Chain { Tasks.Count: 0 }:
                break;
            case CanvasNode.Chain chain:
                Add(chain.Tasks[0], value, SignatureJson.Append(rest, [.. chain.Tasks.Skip(1).Reverse()]));
                break;
            case CanvasNode.Group group:
                // With a rest only from old senders: each member goes on with it.
                foreach (var task in group.Tasks)
                {
                    Add(task, value, rest);
                }
                break;
            case CanvasNode.Chord chord:
                AddChord(chord, value, rest);
                break;
        }
    }

    /// <summary>True for a body that is kept in shared state: what a message carries is only its name and id.</summary>
    public static bool IsKept(Signature body) => !SignatureOptions.Unknown(body.Options, KeptOption).IsEmpty;

    private const string KeptOption = "celeriac_kept";

    private void AddChord(CanvasNode.Chord chord, ReadOnlyMemory<byte>? value, ReadOnlyMemory<byte> rest)
    {
        var body = chord.Body with { Options = CanvasTree.With(chord.Body.Options, CanvasTree.ChainOption, Join(rest, SignatureOptions.Unknown(chord.Body.Options, CanvasTree.ChainOption))) };
        var members = chord.Header.Canvas is CanvasNode.Group header ? header.Tasks : [chord.Header];
        if (members.Count == 0)
        {
            Add(body, "[]"u8.ToArray());
            return;
        }
        var json = SignatureJson.Write(body);
        var carried = keepsBodies && json.Length > SmallBody ? SignatureJson.Write(Slim(body)) : json;
        var group = chord.Header.Options.TaskId!;
        Chords.Add(new PlannedChord(group, [.. members.SelectMany(CanvasTree.EndsOf)], body, json));
        foreach (var member in members)
        {
            Add(CanvasTree.WithChord(member, group, carried), value);
        }
    }

    private static Signature Slim(Signature body) =>
        new(body.Task) { Options = CanvasTree.With(SendOptions.None with { TaskId = body.Options.TaskId ?? CanvasTree.EndsOf(body).First().Options.TaskId }, KeptOption, "true"u8.ToArray()) };

    private static ReadOnlyMemory<byte> Join(ReadOnlyMemory<byte> rest, ReadOnlyMemory<byte> own)
    {
        if (own.IsEmpty)
        {
            return rest;
        }
        return rest.IsEmpty ? own : SignatureJson.Append(rest, SignatureReader.ReadArray(own));
    }

    private static Signature Ready(Signature task, ReadOnlyMemory<byte>? value, ReadOnlyMemory<byte> rest) => task with
    {
        Args = value is { } result && !task.Immutable ? Workflow.Prepend(result, task.Args) : task.Args,
        ChainBytes = rest,
        ChordBytes = CanvasTree.ChordOf(task),
    };
}
