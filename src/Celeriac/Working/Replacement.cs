using System.Globalization;
using System.Text;
using Celeriac.Canvas;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Working;

/// <summary>Puts a workflow into the place of a task (CELERY-PROTOCOL 10.2).</summary>
internal static class Replacement
{
    /// <summary>The workflow with the task's id, group, chord, callbacks and address at its end, and its errbacks everywhere.</summary>
    /// <param name="request">The task.</param>
    /// <param name="signature">What takes its place. What ends in a group ends in the list of its results.</param>
    /// <param name="nesting">How many replacements this is the last of: a task may be replaced by one that is replaced again.</param>
    public static Signature Of(TaskRequest request, Signature signature, out long nesting)
    {
        nesting = 1 + (request.Message.Headers[TaskHeader.ReplacedTaskNesting] is { Kind: HeaderKind.Long } before ? before.AsLong() : 0);
        var count = Encoding.UTF8.GetBytes(nesting.ToString(CultureInfo.InvariantCulture));
        var whole = CanvasTree.AtEnd(CanvasTree.EndingInOne(signature), last => AsEnd(request, last, count));
        return SignatureReader.ReadArray(Part(request, request.Errbacks)).Aggregate(whole, Workflow.LinkError);
    }

    private static Signature AsEnd(TaskRequest request, Signature last, byte[] nesting)
    {
        var options = CanvasTree.Without(last.Options, "task_id", "group_id", "group_index", "reply_to", CanvasTree.ChordOption) with
        {
            TaskId = request.Id,
            GroupId = request.GroupId,
            GroupIndex = request.GroupIndex,
            ReplyTo = request.ReplyTo ?? "",
            IgnoreResult = last.Options.IgnoreResult ?? request.IgnoreResult,
        };
        options = CanvasTree.With(CanvasTree.With(options, CanvasTree.ChordOption, Part(request, request.Chord)), TaskHeader.ReplacedTaskNesting, nesting);
        return last with { Options = options, Links = [.. last.Links, .. SignatureReader.ReadArray(Part(request, request.Callbacks))] };
    }

    private static ReadOnlyMemory<byte> Part(TaskRequest request, JsonSlice slice) => request.Body.Slice(slice.Start, slice.Length);
}
