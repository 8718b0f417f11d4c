using Celeriac.Canvas;
using Celeriac.Protocol;

namespace Celeriac.Sending;

/// <summary>Sends workflows, each task by the client's one path.</summary>
internal sealed class CanvasSending(TaskClient client)
{
    /// <summary>A plain task or a workflow.</summary>
    public static async ValueTask<AsyncResult<TResult>> SendAnyAsync<TResult>(TaskClient client, Signature<TResult> signature, CancellationToken cancellationToken)
    {
        if (signature is not null && IsWorkflow(signature))
        {
            return await new CanvasSending(client).SendAsync(signature, cancellationToken).ConfigureAwait(false);
        }
        var sent = await client.SendOnceAsync(signature!, cancellationToken).ConfigureAwait(false);
        return new AsyncResult<TResult>(sent.Id, client.Results, sent.Queue) { Client = client, IsDuplicate = sent.IsDuplicate };
    }

    /// <inheritdoc cref="SendAnyAsync{TResult}"/>
    public static async ValueTask<AsyncResult> SendAnyAsync(TaskClient client, Signature signature, CancellationToken cancellationToken)
    {
        if (signature is not null && IsWorkflow(signature))
        {
            return await new CanvasSending(client).SendAsync(signature, cancellationToken).ConfigureAwait(false);
        }
        var sent = await client.SendOnceAsync(signature!, cancellationToken).ConfigureAwait(false);
        return new AsyncResult(sent.Id, client.Results, sent.Queue) { Client = client, IsDuplicate = sent.IsDuplicate };
    }

    /// <summary>A plain task that came as data may carry the place in a workflow that it had.</summary>
    private static bool IsWorkflow(Signature signature) =>
        signature.Canvas is not null || signature.SubtaskType == Mapping.ChunksType || (signature.Options.Wire.Count > 0 && !(CanvasTree.ChordOf(signature).IsEmpty && SignatureOptions.Unknown(signature.Options, CanvasTree.ChainOption).IsEmpty));

    /// <exception cref="ArgumentException">The signature is a workflow.</exception>
    public static void RequirePlain(Signature signature)
    {
        if (signature.Canvas is not null || signature.SubtaskType == Mapping.ChunksType)
        {
            throw new ArgumentException($"'{signature.Task}' is a workflow, and only plain tasks can be sent as many. Send it with SendAsync, or make it a member of Group.Of(...).", nameof(signature));
        }
    }

    public async ValueTask<AsyncResult> SendAsync(Signature signature, CancellationToken cancellationToken)
    {
        var frozen = await PublishAsync(signature, cancellationToken).ConfigureAwait(false);
        return ResultOf(frozen, parent: null) ?? new GroupResult(TaskId.New(), client, []);
    }

    public async ValueTask<AsyncResult<TResult>> SendAsync<TResult>(Signature<TResult> signature, CancellationToken cancellationToken)
    {
        var last = await SendAsync((Signature)signature, cancellationToken).ConfigureAwait(false);
        return new AsyncResult<TResult>(last.Id, client.Results, queue: null) { Client = client, Parent = last.Parent, Group = last as GroupResult };
    }

    public async ValueTask<GroupResult<T>> SendAsync<T>(Group<T> group, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(group);
        var frozen = await PublishAsync(group, cancellationToken).ConfigureAwait(false);
        var members = ((CanvasNode.Group)frozen.Canvas!).Tasks.Select(task => (Member: task, Result: ResultOf(task, parent: null)!));
        return new GroupResult<T>(frozen.Options.TaskId!, client,
            [.. members.Select(member => new AsyncResult<T>(member.Result.Id, client.Results, queue: null) { Client = client, Parent = member.Result.Parent, Group = member.Result as GroupResult })]);
    }

    /// <summary>Answers the workflow with its ids.</summary>
    private async ValueTask<Signature> PublishAsync(Signature signature, CancellationToken cancellationToken)
    {
        var named = new Freezing(static _ => TaskId.New()).Freeze(signature);
        string? replyTo = null;
        foreach (var task in CanvasTree.TasksOf(named).Where(task => task.Options is { ReplyTo: null, IgnoreResult: not true }))
        {
            replyTo = await client.Results.PrepareAsync(task.Options.TaskId!, cancellationToken).ConfigureAwait(false);
        }
        var frozen = new Freezing(static _ => TaskId.New()) { ReplyTo = replyTo, Fix = client.Router.Fix }.Freeze(named);
        // Also for a chord that begins later, in some worker: here is who can still be told.
        var chords = CanvasTree.HasChord(frozen) ? client.RequireNoTransaction("A chord is counted in shared state: its record").Chords.Require("A chord") : null;
        var plan = new Planning(client.Chords.KeepsBodies);
        plan.Add(frozen);
        foreach (var chord in plan.Chords)
        {
            await chords!.BeginAsync(chord.ToHead(), cancellationToken).ConfigureAwait(false);
        }
        await PublishAsync(plan.Tasks, cancellationToken).ConfigureAwait(false);
        return frozen;
    }

    private async ValueTask PublishAsync(List<Signature> tasks, CancellationToken cancellationToken)
    {
        // The equal call that is under way would not go on with this workflow.
        var now = tasks.Select(static task => task.ChainBytes.Length + task.ChordBytes.Length == 0 ? task : task.Set(static options => options with { Unique = UniqueUntil.None }));
        if (tasks.Count == 1)
        {
            await client.SendOnceAsync(now.First(), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await client.SendManyAsync(now, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The result of the last task of all, with those before it; null for nothing.</summary>
    private AsyncResult? ResultOf(Signature frozen, AsyncResult? parent) => frozen.Canvas switch
    {
        CanvasNode.Chain chain => chain.Tasks.Aggregate(parent, (before, task) => ResultOf(task, before)),
        CanvasNode.Chord chord => ResultOf(chord.Body, ResultOf(chord.Header, parent)),
        CanvasNode.Group group => new GroupResult(frozen.Options.TaskId!, client, [.. group.Tasks.Select(task => ResultOf(task, parent)!)]) { Parent = parent },
        _ => new AsyncResult(frozen.Options.TaskId!, client.Results, queue: null) { Client = client, Parent = parent },
    };
}
