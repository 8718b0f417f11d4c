using Celeriac.Canvas;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Sending;

namespace Celeriac;

/// <summary>What a running task may do to the workflow it stands in.</summary>
public static class TaskContextWorkflows
{
    extension(TaskContext context)
    {
        /// <summary>
        /// The stamps that the task came with. What comes after it in its workflow has them too; a task that it sends has them where you say so, as in Celery:
        /// <c>signature.Stamp(context.Stamps)</c>.
        /// </summary>
        public MessageHeaders Stamps => context.Request.Message.Headers[TaskHeader.Stamps] is { Kind: HeaderKind.Map } stamps ? stamps.AsMap() : MessageHeaders.Empty;

        /// <summary>
        /// Ends this run in favour of another task or workflow, which gets this task's id, group, chord, callbacks and errbacks and the rest of its chain: who waits for this
        /// task gets its result. Nothing after the call runs: <c>return await context.ReplaceAsync(signature);</c>.
        /// </summary>
        /// <param name="signature">What takes the task's place. Of a group the result is the list.</param>
        /// <exception cref="TaskReplaceException">Always; let it pass.</exception>
        public ValueTask<TResult> ReplaceAsync<TResult>(Signature<TResult> signature)
        {
            ArgumentNullException.ThrowIfNull(signature);
            throw new TaskReplaceException(context.Request, SignatureJson.Write(Fixed(signature)));
        }

        /// <summary>The same for a task or workflow whose result type is not known here.</summary>
        /// <inheritdoc cref="ReplaceAsync{TResult}(TaskContext, Signature{TResult})"/>
        public ValueTask ReplaceAsync(Signature signature)
        {
            ArgumentNullException.ThrowIfNull(signature);
            throw new TaskReplaceException(context.Request, SignatureJson.Write(Fixed(signature)));
        }

        /// <summary>
        /// Adds a member to the chord that this task is a member of (Celery's <c>add_to_chord</c>): the body waits for it too, and gets its result after this task's. A run that
        /// is repeated adds the same members again, which count once.
        /// </summary>
        /// <exception cref="InvalidOperationException">The task is not a member of a chord.</exception>
        public async ValueTask<AsyncResult<TResult>> AddToChordAsync<TResult>(Signature<TResult> signature, CancellationToken cancellationToken = default)
        {
            ArgumentNullException.ThrowIfNull(signature);
            var request = context.Request;
            if (request is not { Chord.Length: > 0, GroupId: { } group })
            {
                throw new InvalidOperationException($"Current task is not member of any chord: {request.Task}[{request.Id}] cannot add to one. Send the task with DelayAsync.");
            }
            var client = TaskClient.Current;
            var id = signature.Options.TaskId ?? DerivedId.Of(request.Id, $"added/{CurrentClient.Task?.NextAdded() ?? 0}");
            var member = CanvasTree.AtEnd(CanvasTree.EndingInOne(signature), last => last with { Options = last.Options with { TaskId = id, GroupId = group, GroupIndex = request.GroupIndex } });
            await client.Chords.Require("A chord").Counter.GrowAsync(group, id, cancellationToken).ConfigureAwait(false);
            var stamped = Stamping.Stamp(member, visitor: null, context.Stamps, appends: false);
            await client.SendAsync(CanvasTree.WithChord(stamped, group, request.Body.Slice(request.Chord.Start, request.Chord.Length)), cancellationToken).ConfigureAwait(false);
            return client.Result<TResult>(id);
        }
    }

    // Where it goes and what it is by its declaration here: who sends it on may not know.
    private static Signature Fixed(Signature signature) => CanvasTree.Each(signature, task => task with { Options = TaskClient.Current.Router.Fix(task) });
}
