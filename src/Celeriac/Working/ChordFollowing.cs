using System.Buffers;
using System.Text.Json;
using Celeriac.Canvas;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.SharedState;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>
/// Tells chords of the ends of their members, and goes on where all have ended: with the body, or with its failure, which may be the end of a member of another chord.
/// </summary>
internal sealed class ChordFollowing(TaskClient client, TaskRegistry registry, ILogger log)
{
    /// <summary>Tells of all ends that have been gathered, and of those that follow from them.</summary>
    /// <param name="steps">What follows.</param>
    /// <param name="step">Whose end it is.</param>
    /// <param name="refusal">Why a body cannot be sent, where the broker has refused what was tried; else null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask TellAsync(WorkflowSteps steps, WorkflowStep step, string? refusal, CancellationToken cancellationToken)
    {
        while (steps.ChordEnds.TryDequeue(out var end))
        {
            if (!client.Chords.IsPossible)
            {
                Log.ChordUnknown(log, end.Part.TaskId, end.GroupId);
                continue;
            }
            var count = await client.Chords.Counter.AddAsync(end.GroupId, end.Part, cancellationToken).ConfigureAwait(false);
            if (count.IsComplete)
            {
                await CompleteAsync(steps, step, end.GroupId, end.Body, refusal, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>All members have ended.</summary>
    public async ValueTask CompleteAsync(WorkflowSteps steps, WorkflowStep step, string groupId, ReadOnlyMemory<byte> carried, string? refusal, CancellationToken cancellationToken)
    {
        var parts = await client.Chords.Counter.ReadAsync(groupId, cancellationToken).ConfigureAwait(false);
        if (parts.Count == 0 || await BodyAsync(groupId, carried, cancellationToken).ConfigureAwait(false) is not { } body)
        {
            // Somebody else was here, and has cleaned up.
            return;
        }
        if (parts.FirstOrDefault(part => part.Status != TaskStates.Success) is { } failed)
        {
            await FailAsync(steps, step, groupId, body, $"Dependency {failed.TaskId} raised {ReprOf(failed.Result)}", cancellationToken).ConfigureAwait(false);
            return;
        }
        if (refusal is not null)
        {
            await FailAsync(steps, step, groupId, body, $"The body cannot be sent: {refusal}", cancellationToken).ConfigureAwait(false);
            return;
        }
        try
        {
            // Whoever releases the body gives it the same ids: those that it lacks follow from its own.
            var frozen = WorkflowSteps.Freezer(step with { Id = IdOf(body) ?? groupId }).Freeze(body);
            await steps.SendAsync(step, frozen, ArrayOf(parts), default, cancellationToken, isOnce: true).ConfigureAwait(false);
            steps.EndedChords.Add(groupId);
        }
        catch (Exception error) when (WorkflowSteps.IsBroken(error))
        {
            await FailAsync(steps, step, groupId, body, $"The body cannot be sent: {error.Message}", cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The body will not run: it ends as failed, once, and its errbacks are called.</summary>
    public async ValueTask FailAsync(WorkflowSteps steps, WorkflowStep step, string groupId, Signature body, string why, CancellationToken cancellationToken)
    {
        var failure = new TaskFailure("ChordError", "celery.exceptions", [why], null);
        var end = CanvasTree.EndsOf(body).FirstOrDefault();
        var id = IdOf(body) ?? groupId;
        var failed = new FailedTask(id) { Task = end?.Task ?? body.Task, State = TaskStates.Failure, RootId = step.RootId, GroupId = end?.Options.GroupId, Failure = failure };
        var errbacks = CanvasTree.FirstsOf(body).SelectMany(task => task.LinkErrors).ToList();
        try
        {
            await steps.SendAllAsync(step with { Id = id }, errbacks, "link_error", new Errbacks(registry, failed).ArgumentOf, cancellationToken, isOnce: true).ConfigureAwait(false);
        }
        catch (Exception error) when (WorkflowSteps.IsBroken(error))
        {
            Log.ErrbackBroken(log, error, body.Task, id);
        }
        steps.Tell(body, ExceptionCodec.Encode(failure), null);
        steps.EndedChords.Add(groupId);
    }

    /// <summary>What cannot be cleaned up expires.</summary>
    public async ValueTask ForgetAsync(string groupId, CancellationToken cancellationToken)
    {
        try
        {
            await client.Chords.EndAsync(groupId, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TransportException or OperationCanceledException)
        {
            Log.ChordNotForgotten(log, error, groupId);
        }
    }

    /// <summary>Null where it was kept in shared state and is there no more, or cannot be read.</summary>
    private async ValueTask<Signature?> BodyAsync(string groupId, ReadOnlyMemory<byte> carried, CancellationToken cancellationToken)
    {
        try
        {
            var body = SignatureReader.Read(carried);
            if (!Planning.IsKept(body))
            {
                return body;
            }
            var kept = await client.Chords.Heads.ReadBodyAsync(groupId, cancellationToken).ConfigureAwait(false);
            return kept.IsEmpty ? null : SignatureReader.Read(kept);
        }
        catch (JsonException error)
        {
            Log.ChordBodyUnreadable(log, error, groupId);
            return null;
        }
    }

    private static string? IdOf(Signature body) => body.Options.TaskId ?? CanvasTree.EndsOf(body).FirstOrDefault()?.Options.TaskId;

    private static ReadOnlyMemory<byte> ArrayOf(IReadOnlyList<ChordPart> parts)
    {
        var buffer = new ArrayBufferWriter<byte>(2 + parts.Sum(part => part.Result.Length + 1));
        buffer.Write("["u8);
        for (var index = 0; index < parts.Count; index++)
        {
            if (index > 0)
            {
                buffer.Write(","u8);
            }
            buffer.Write(parts[index].Result.Span);
        }
        buffer.Write("]"u8);
        return buffer.WrittenMemory;
    }

    /// <summary>As Python writes an exception: <c>ValueError('boom', 42)</c>.</summary>
    private static string ReprOf(ReadOnlyMemory<byte> exception)
    {
        var failure = ExceptionCodec.Decode(exception.Span, null);
        var arguments = PythonRepr.OfArgs((failure.ArgumentsJson.IsEmpty ? TaskJson.Encode(failure.Arguments.ToArray()) : failure.ArgumentsJson).Span);
        return failure.Type + (arguments.EndsWith(",)", StringComparison.Ordinal) ? arguments[..^2] + ")" : arguments);
    }
}
