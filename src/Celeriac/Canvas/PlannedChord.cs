using Celeriac.SharedState;

namespace Celeriac.Canvas;

/// <summary>A chord that begins now: its count must be there before its members are sent.</summary>
/// <param name="GroupId">The id of its header.</param>
/// <param name="Members">The tasks that are counted: those at whose end a member ends.</param>
/// <param name="Body">What comes then.</param>
/// <param name="BodyJson">The same as JSON.</param>
internal sealed record PlannedChord(string GroupId, IReadOnlyList<Signature> Members, Signature Body, ReadOnlyMemory<byte> BodyJson)
{
    /// <summary>What is kept of it while it is counted.</summary>
    public ChordHead ToHead() => new(GroupId, Members.Count, CanvasTree.EndsOf(Body).FirstOrDefault()?.Options.TaskId ?? "", CanvasTree.FirstsOf(Body).FirstOrDefault()?.Task ?? "")
    {
        RootId = Body.Options.RootId,
        Members = [.. Members.Select(member => new ChordMember(member.Options.TaskId!, member.Task))],
        Body = BodyJson,
    };
}
