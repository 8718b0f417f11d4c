using System.Text.Json;
using Celeriac.Canvas;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Sending;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>What a workflow goes on with after a task: messages that are part of the task's completion, and results of tasks that will never run.</summary>
internal sealed record Followed
{
    public static Followed Nothing { get; } = new();

    public IReadOnlyList<PreparedTask> Tasks { get; init; } = [];
    public IReadOnlyList<(ResultRecord Record, string? ReplyTo)> Told { get; init; } = [];

    /// <summary>Why the task has failed after all: what should come after it cannot be sent.</summary>
    public TaskFailure? Fault { get; init; }

    /// <summary>The queues that must be there before the tasks are sent.</summary>
    public static IEnumerable<string> QueuesOf(IEnumerable<PreparedTask> tasks) => tasks.Where(task => task.IsDeclared).Select(task => task.Queue).Distinct(StringComparer.Ordinal);

    public IReadOnlyList<string> WithChildren(IReadOnlyList<string> children) => Tasks.Count == 0 ? children : [.. children, .. Tasks.Select(task => task.Context.TaskId)];
}

/// <summary>
/// Follows workflows (CELERY-PROTOCOL section 8). Nothing is sent here: all goes with the completion, and with ids that follow from the task's own, so
/// that a step that is repeated after a crash repeats its messages and invents none.
/// </summary>
internal sealed class Following(TaskClient client, TaskRegistry registry, TimeProvider time, ILogger log)
{
    /// <summary>After a success: callbacks, then the next of the chain.</summary>
    public async ValueTask<Followed> SucceededAsync(TaskRequest request, ReadOnlyMemory<byte> result, CancellationToken cancellationToken)
    {
        if (request.Callbacks.Length + request.Chain.Length == 0)
        {
            return Followed.Nothing;
        }
        try
        {
            List<PreparedTask> tasks = [];
            await AddAsync(tasks, request, Callbacks(request, result), cancellationToken).ConfigureAwait(false);
            try
            {
                await AddAsync(tasks, request, Next(request, result), cancellationToken).ConfigureAwait(false);
                return new Followed { Tasks = tasks };
            }
            catch (NotSupportedException chord)
            {
                Log.WorkflowNotFollowed(log, request.Task, request.Id);
                var failure = new TaskFailure("NotSupportedError", "celeriac", [chord.Message], null);
                return new Followed { Tasks = tasks, Told = Told(request, ExceptionCodec.Encode(failure), null) };
            }
        }
        catch (Exception error) when (error is JsonException or ArgumentException or NotSupportedException or InvalidOperationException)
        {
            Log.WorkflowBroken(log, error, request.Task, request.Id);
            return new Followed { Fault = new TaskFailure("WorkflowError", "celeriac", [$"Task '{request.Task}' has succeeded, but what comes after it cannot be sent: {error.Message}"], null) };
        }
    }

    /// <summary>Adds to the effects of a task that ended without success: the rest of its chain is told, and its errbacks are sent.</summary>
    public async ValueTask<Effects> FailedAsync(Effects effects, TaskRequest request, CancellationToken cancellationToken)
    {
        if (request.Errbacks.Length + request.Chain.Length == 0 || effects.Record is not { Status: TaskStates.Failure or TaskStates.Revoked } record)
        {
            return effects;
        }
        List<PreparedTask> errbacks = [];
        try
        {
            await AddAsync(errbacks, request, Errbacks(request), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is JsonException or ArgumentException or NotSupportedException or InvalidOperationException)
        {
            Log.ErrbackBroken(log, error, request.Task, request.Id);
        }
        return effects with { FollowUps = [.. effects.FollowUps, .. errbacks.Select(task => task.Publication)], Queues = [.. effects.Queues, .. Followed.QueuesOf(errbacks)], Told = Told(request, record.Result, record.Traceback) };
    }

    /// <summary>They are on their way: the fleet hears of it.</summary>
    public void Sent(Followed followed)
    {
        foreach (var task in followed.Tasks)
        {
            client.Sent(task);
        }
    }

    private static IEnumerable<Signature> Callbacks(TaskRequest request, ReadOnlyMemory<byte> result) =>
        AsGroup(request, SignatureReader.ReadArray(Part(request, request.Callbacks)), "link").SelectMany(callback => Planning.Now(callback, result));

    private static IEnumerable<Signature> Next(TaskRequest request, ReadOnlyMemory<byte> result)
    {
        var chain = SignatureReader.Elements(Part(request, request.Chain));
        if (chain.Count == 0)
        {
            return [];
        }
        var next = Freezer(request).Freeze(SignatureReader.Read(chain[^1]), $"chain/{chain.Count}");
        return Planning.Now(next, result, Before(request, chain));
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

    // As Celery's old style: every language has tasks that take the failed one's id.
    private static IEnumerable<Signature> Errbacks(TaskRequest request) =>
        AsGroup(request, SignatureReader.ReadArray(Part(request, request.Errbacks)), "link_error").SelectMany(errback => Planning.Now(errback, TaskJson.Encode(request.Id)));

    /// <summary>Several are sent as a group, as Celery does.</summary>
    private static IEnumerable<Signature> AsGroup(TaskRequest request, IReadOnlyList<Signature> signatures, string place)
    {
        var freezer = Freezer(request);
        var group = signatures.Count > 1 ? DerivedId.Of(request.Id, place) : null;
        return signatures.Select((signature, index) => freezer.Freeze(
            group is null || signature.Canvas is not null ? signature : signature with { Options = signature.Options with { GroupId = signature.Options.GroupId ?? group, GroupIndex = signature.Options.GroupIndex ?? index } },
            $"{place}/{index}"));
    }

    // Without an answer's address of its own a task answers where this one does: there somebody may wait.
    private static Freezing Freezer(TaskRequest request) => new(place => DerivedId.Of(request.Id, place))
    {
        ReplyTo = request.ReplyTo ?? "",
        Stamps = request.Message.Headers[TaskHeader.Stamps] is { Kind: HeaderKind.Map } stamps ? stamps.AsMap() : null,
    };

    private async ValueTask AddAsync(List<PreparedTask> tasks, TaskRequest request, IEnumerable<Signature> signatures, CancellationToken cancellationToken)
    {
        foreach (var signature in signatures)
        {
            var options = signature.Options with { ParentId = request.Id, RootId = request.RootId ?? request.Id, Headers = Headers(request, signature.Options.Headers) };
            var known = signature with { Options = options, Declared = signature.Declared ?? registry.Find(signature.Task)?.Options };
            var destination = client.Router.Route(known, request.Message.Priority);
            tasks.Add(await client.PrepareAsync(known, options.TaskId!, claim: null, destination, trace: null, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>One trace leads through the whole workflow.</summary>
    private static MessageHeaders? Headers(TaskRequest request, MessageHeaders? own)
    {
        var trace = request.Message.Headers.Where(header => header.Key is "traceparent" or "tracestate" or "baggage" && own?.Contains(header.Key) is not true).ToList();
        var given = (own ?? MessageHeaders.Empty).Where(header => !TaskHeader.IsReserved(header.Key));
        return trace.Count == 0 && own is null ? null : new MessageHeaders(given.Concat(trace));
    }

    /// <summary>A failure for each task of the chain that will not run: nobody waits for it in vain.</summary>
    private List<(ResultRecord, string?)> Told(TaskRequest request, ReadOnlyMemory<byte> exception, string? traceback)
    {
        List<(ResultRecord, string?)> told = [];
        var now = time.GetUtcNow();
        var seen = new HashSet<string>(StringComparer.Ordinal) { request.Id };
        foreach (var element in SignatureReader.Elements(Part(request, request.Chain)))
        {
            foreach (var task in Readable(element).Where(task => task.Options.TaskId is { } id && seen.Add(id)))
            {
                told.Add((new ResultRecord { TaskId = task.Options.TaskId!, Status = TaskStates.Failure, Result = exception, Traceback = traceback, DateDone = now, GroupId = task.Options.GroupId }, task.Options.ReplyTo));
            }
        }
        return told;
    }

    private static IEnumerable<Signature> Readable(ReadOnlyMemory<byte> element)
    {
        try
        {
            return Freezing.TasksOf(SignatureReader.Read(element));
        }
        catch (JsonException)
        {
            // What cannot be read has no id to tell.
            return [];
        }
    }

    private static ReadOnlyMemory<byte> Part(TaskRequest request, JsonSlice slice) => request.Body.Slice(slice.Start, slice.Length);
}
