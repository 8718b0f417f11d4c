using System.Text.Json;
using Celeriac.Canvas;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.SharedState;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>
/// Follows workflows (CELERY-PROTOCOL sections 8 and 9). Nothing is sent here: all goes with the completion, and with ids that follow from the task's own, so
/// that a step that is repeated after a crash repeats its messages and invents none.
/// </summary>
internal sealed class Following(TaskClient client, TaskRegistry registry, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);
    private readonly ChordFollowing _chords = new(client, registry, log);

    /// <summary>True where nothing comes after a success of the task.</summary>
    public static bool IsNothing(TaskRequest request) => request.Callbacks.Length + request.Chain.Length + request.Chord.Length == 0;

    /// <summary>After a success: callbacks, then the next of the chain, then the chord.</summary>
    public ValueTask<Followed> SucceededAsync(TaskRequest request, ReadOnlyMemory<byte> result, CancellationToken giveUp) =>
        IsNothing(request)
            ? ValueTask.FromResult(Followed.Nothing)
            : GoOnPatientlyAsync(request, result, giveUp);

    /// <summary>After an end without success: the rest of the chain and the chord are told, and errbacks are sent.</summary>
    /// <param name="request">The task.</param>
    /// <param name="status">Its final state.</param>
    /// <param name="exception">JSON: the exception.</param>
    /// <param name="traceback">Where it failed.</param>
    /// <param name="refusal">Why what follows cannot be sent, where the broker has refused it; else null.</param>
    /// <param name="giveUp">Fires when the worker gives up.</param>
    public ValueTask<Followed> FailedAsync(TaskRequest request, string status, ReadOnlyMemory<byte> exception, string? traceback, string? refusal, CancellationToken giveUp) =>
        request.Errbacks.Length + request.Chain.Length + request.Chord.Length == 0
            ? ValueTask.FromResult(Followed.Nothing)
            : PatientlyAsync(request, token => TellAsync(request, status, exception, traceback, refusal, token), giveUp);

    /// <summary>Another task or workflow takes the task's place: it ends under the task's id, and all that should come after the task comes after it.</summary>
    public ValueTask<Followed> ReplacedAsync(TaskRequest request, ReadOnlyMemory<byte> replacement, CancellationToken giveUp) =>
        PatientlyAsync(request, token => ReplaceAsync(request, replacement, token), giveUp);

    /// <summary>They are on their way: the fleet hears of it, and nothing of a chord that is done with is kept.</summary>
    public async ValueTask AppliedAsync(Followed followed, CancellationToken giveUp)
    {
        foreach (var task in followed.Tasks)
        {
            client.Sent(task);
        }
        foreach (var chord in followed.EndedChords)
        {
            await _chords.ForgetAsync(chord, giveUp).ConfigureAwait(false);
        }
    }

    /// <summary>Releases the body of a chord that is complete and whose last member's worker did not: for the sweeper.</summary>
    public async ValueTask<Followed> ReleaseAsync(ChordHead head, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var steps = new WorkflowSteps(client, registry, time);
        var step = new WorkflowStep(head.BodyId, null, head.RootId, MessageHeaders.Empty);
        await _chords.CompleteAsync(steps, step, head.GroupId, body, refusal: null, cancellationToken).ConfigureAwait(false);
        await _chords.TellAsync(steps, step, refusal: null, cancellationToken).ConfigureAwait(false);
        return steps.Followed;
    }

    /// <summary>Ends a chord as failed that waits for members who will not come: for the sweeper.</summary>
    public async ValueTask<Followed> FailAsync(ChordHead head, ReadOnlyMemory<byte> body, string why, CancellationToken cancellationToken)
    {
        var steps = new WorkflowSteps(client, registry, time);
        var step = new WorkflowStep(head.BodyId, null, head.RootId, MessageHeaders.Empty);
        await _chords.FailAsync(steps, step, head.GroupId, SignatureReader.Read(body), why, cancellationToken).ConfigureAwait(false);
        await _chords.TellAsync(steps, step, refusal: null, cancellationToken).ConfigureAwait(false);
        return steps.Followed;
    }

    // A method of its own: what the closure captures is allocated only where something follows.
    private ValueTask<Followed> GoOnPatientlyAsync(TaskRequest request, ReadOnlyMemory<byte> result, CancellationToken giveUp) =>
        PatientlyAsync(request, token => GoOnAsync(request, result, token), giveUp);

    private async ValueTask<Followed> GoOnAsync(TaskRequest request, ReadOnlyMemory<byte> result, CancellationToken cancellationToken)
    {
        var steps = new WorkflowSteps(client, registry, time);
        var step = WorkflowStep.Of(request);
        steps.Known(request.Id);
        try
        {
            await steps.SendAllAsync(step, SignatureReader.ReadArray(Part(request, request.Callbacks)), "link", _ => result, cancellationToken).ConfigureAwait(false);
            await NextAsync(steps, step, request, result, cancellationToken).ConfigureAwait(false);
            AddChordEnd(steps, request, TaskStates.Success, result);
            await _chords.TellAsync(steps, step, refusal: null, cancellationToken).ConfigureAwait(false);
            return steps.Followed;
        }
        catch (Exception error) when (WorkflowSteps.IsBroken(error))
        {
            Log.WorkflowBroken(log, error, request.Task, request.Id);
            return new Followed { Fault = new TaskFailure("WorkflowError", "celeriac", [$"Task '{request.Task}' has succeeded, but what comes after it cannot be sent: {error.Message}"], null) };
        }
    }

    private static async ValueTask NextAsync(WorkflowSteps steps, WorkflowStep step, TaskRequest request, ReadOnlyMemory<byte> result, CancellationToken cancellationToken)
    {
        var chain = SignatureReader.Elements(Part(request, request.Chain));
        if (chain.Count > 0)
        {
            var next = WorkflowSteps.Freezer(step).Freeze(SignatureReader.Read(chain[^1]), $"chain/{chain.Count}");
            await steps.SendAsync(step, next, result, Before(request, chain), cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<Followed> TellAsync(TaskRequest request, string status, ReadOnlyMemory<byte> exception, string? traceback, string? refusal, CancellationToken cancellationToken)
    {
        var steps = new WorkflowSteps(client, registry, time);
        var step = WorkflowStep.Of(request);
        steps.Known(request.Id);
        try
        {
            var errbacks = new Errbacks(registry, Errbacks.Of(request, status, exception, traceback));
            await steps.SendAllAsync(step, SignatureReader.ReadArray(Part(request, request.Errbacks)), "link_error", errbacks.ArgumentOf, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (WorkflowSteps.IsBroken(error))
        {
            Log.ErrbackBroken(log, error, request.Task, request.Id);
        }
        steps.TellChain(Part(request, request.Chain), exception, traceback);
        AddChordEnd(steps, request, status, exception);
        await _chords.TellAsync(steps, step, refusal, cancellationToken).ConfigureAwait(false);
        return steps.Followed;
    }

    private async ValueTask<Followed> ReplaceAsync(TaskRequest request, ReadOnlyMemory<byte> replacement, CancellationToken cancellationToken)
    {
        var steps = new WorkflowSteps(client, registry, time);
        var step = WorkflowStep.Of(request);
        try
        {
            var signature = Replacement.Of(request, SignatureReader.Read(replacement), out var nesting);
            var frozen = WorkflowSteps.Freezer(step).Freeze(signature, $"replace/{nesting}");
            await steps.SendAsync(step, frozen, null, Part(request, request.Chain), cancellationToken).ConfigureAwait(false);
            return steps.Followed;
        }
        catch (Exception error) when (WorkflowSteps.IsBroken(error))
        {
            Log.WorkflowBroken(log, error, request.Task, request.Id);
            return new Followed { Fault = new TaskFailure("WorkflowError", "celeriac", [$"Task '{request.Task}' is to be replaced, but what should take its place cannot be sent: {error.Message}"], null) };
        }
    }

    private static void AddChordEnd(WorkflowSteps steps, TaskRequest request, string status, ReadOnlyMemory<byte> result)
    {
        // With a rest of the chain, it is the last of that whose end counts.
        if (request.Chord.Length > 0 && request.GroupId is { } group)
        {
            steps.ChordEnds.Enqueue(new ChordEnd(group, new ChordPart(request.GroupIndex, request.Id, status, result), Part(request, request.Chord)));
        }
    }

    /// <summary>A store that is away is waited for: what follows must not get lost.</summary>
    private async ValueTask<Followed> PatientlyAsync(TaskRequest request, Func<CancellationToken, ValueTask<Followed>> work, CancellationToken giveUp)
    {
        while (true)
        {
            try
            {
                return await work(giveUp).ConfigureAwait(false);
            }
            catch (TransportException error) when (error is not TransportRefusedException && !giveUp.IsCancellationRequested)
            {
                Log.OutcomeDelayed(log, error, request.Task, request.Id, s_pause);
                await Task.Delay(s_pause, time, giveUp).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The rest of the chain without its last element, cut out as it came.</summary>
    private static ReadOnlyMemory<byte> Before(TaskRequest request, List<ReadOnlyMemory<byte>> chain)
    {
        if (chain.Count == 1)
        {
            return default;
        }
        var whole = Part(request, request.Chain);
        whole.Span.Overlaps(chain[^2].Span, out var start);
        var end = start + chain[^2].Length;
        var rest = new byte[end + 1];
        whole[..end].CopyTo(rest);
        rest[end] = (byte)']';
        return rest;
    }

    private static ReadOnlyMemory<byte> Part(TaskRequest request, JsonSlice slice) => request.Body.Slice(slice.Start, slice.Length);
}
