using Celeriac.Protocol;

namespace Celeriac.Working;

/// <summary>
/// What errbacks are called with: the failed task's id, as in every language (Celery's old form), or all that is known of it, where an errback is known here that asks for it (the new
/// form). Celery calls that one on the spot; here it is a message like any other, so that it is retried, seen, and of a chord's body called once.
/// </summary>
internal sealed class Errbacks(TaskRegistry registry, FailedTask failed)
{
    private readonly ReadOnlyMemory<byte> _id = TaskJson.Encode(failed.Id);
    private ReadOnlyMemory<byte>? _whole;

    /// <summary>The argument of one.</summary>
    public ReadOnlyMemory<byte> ArgumentOf(Signature errback)
    {
        var first = errback.Canvas is CanvasNode.Chain { Tasks: [var head, ..] } ? head : errback;
        return registry.Find(first.Task)?.Parameters is [{ IsFailedTask: true }, ..] ? _whole ??= TaskJson.Encode(failed) : _id;
    }

    /// <summary>What is known of a task that has ended without success.</summary>
    public static FailedTask Of(TaskRequest request, string state, ReadOnlyMemory<byte> exception, string? traceback) => new(request.Id)
    {
        Task = request.Task,
        State = state,
        Args = request.Body.Slice(request.Args.Start, request.Args.Length),
        Kwargs = request.Body.Slice(request.Kwargs.Start, request.Kwargs.Length),
        Retries = request.Retries,
        RootId = request.RootId,
        ParentId = request.ParentId,
        GroupId = request.GroupId,
        Failure = ExceptionCodec.Decode(exception.Span, traceback),
    };
}
