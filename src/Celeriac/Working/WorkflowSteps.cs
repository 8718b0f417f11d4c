using System.Text.Json;
using Celeriac.Canvas;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Sending;
using Celeriac.SharedState;

namespace Celeriac.Working;

/// <summary>Gathers what follows from one end of a task. Nothing is sent here: all goes with the task's completion.</summary>
internal sealed class WorkflowSteps(TaskClient client, TaskRegistry registry, TimeProvider time)
{
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    public List<PreparedTask> Tasks { get; } = [];
    public List<ToldRecord> Told { get; } = [];

    /// <summary>Members of chords whose ends are to be told.</summary>
    public Queue<ChordEnd> ChordEnds { get; } = new();

    public List<string> EndedChords { get; } = [];

    public Followed Followed => new() { Tasks = Tasks, Told = Told, EndedChords = EndedChords };

    /// <summary>Gives ids that follow from the step's own.</summary>
    public static Freezing Freezer(WorkflowStep step) => new(place => DerivedId.Of(step.Id, place)) { ReplyTo = step.ReplyTo ?? "", Stamps = step.Stamps };

    /// <summary>Sends a frozen workflow. A chord that begins with it is counted from now on.</summary>
    public async ValueTask SendAsync(WorkflowStep step, Signature frozen, ReadOnlyMemory<byte>? value, ReadOnlyMemory<byte> rest, CancellationToken cancellationToken, bool isOnce = false)
    {
        var plan = new Planning(client.Chords.KeepsBodies);
        plan.Add(frozen, value, rest);
        foreach (var chord in plan.Chords)
        {
            await client.Chords.Require("A chord").BeginAsync(chord.ToHead(), cancellationToken).ConfigureAwait(false);
        }
        foreach (var task in plan.Tasks)
        {
            Tasks.Add(await PrepareAsync(step, isOnce ? Once(task) : task, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>Several are sent as a group, as Celery does.</summary>
    public async ValueTask SendAllAsync(WorkflowStep step, IReadOnlyList<Signature> signatures, string place, Func<Signature, ReadOnlyMemory<byte>> valueOf, CancellationToken cancellationToken, bool isOnce = false)
    {
        var freezer = Freezer(step);
        var group = signatures.Count > 1 ? DerivedId.Of(step.Id, place) : null;
        for (var index = 0; index < signatures.Count; index++)
        {
            var options = signatures[index].Options;
            var placed = group is null || signatures[index].Canvas is not null
                ? signatures[index]
                : signatures[index] with { Options = options with { GroupId = options.GroupId ?? group, GroupIndex = options.GroupIndex ?? index } };
            await SendAsync(step, freezer.Freeze(placed, $"{place}/{index}"), valueOf(placed), default, cancellationToken, isOnce).ConfigureAwait(false);
        }
    }

    /// <summary>A failure for each task that will not run, so that nobody waits for it in vain; where its end would have been that of a chord's member, the chord hears too.</summary>
    public void Tell(Signature workflow, ReadOnlyMemory<byte> exception, string? traceback)
    {
        foreach (var task in CanvasTree.TasksOf(workflow).Where(task => task.Options.TaskId is { } id && _told.Add(id)))
        {
            Told.Add(new(new ResultRecord
            {
                TaskId = task.Options.TaskId!,
                Status = TaskStates.Failure,
                Result = exception,
                Traceback = traceback,
                DateDone = time.GetUtcNow(),
                GroupId = task.Options.GroupId,
            }, task.Options.ReplyTo));
        }
        foreach (var end in CanvasTree.EndsOf(workflow))
        {
            if (CanvasTree.ChordOf(end) is { IsEmpty: false } body && end.Options is { TaskId: { } id, GroupId: { } group })
            {
                ChordEnds.Enqueue(new ChordEnd(group, new ChordPart(end.Options.GroupIndex, id, TaskStates.Failure, exception), body));
            }
        }
        TellChain(SignatureOptions.Unknown(workflow.Options, CanvasTree.ChainOption), exception, traceback);
    }

    /// <summary>The same for the rest of a chain, as a message carries it.</summary>
    public void TellChain(ReadOnlyMemory<byte> chain, ReadOnlyMemory<byte> exception, string? traceback)
    {
        foreach (var element in SignatureReader.Elements(chain))
        {
            try
            {
                Tell(SignatureReader.Read(element), exception, traceback);
            }
            catch (JsonException)
            {
                // What cannot be read has no id to tell.
            }
        }
    }

    /// <summary>True where what should follow cannot be sent, however often it is tried.</summary>
    public static bool IsBroken(Exception error) => error is JsonException or ArgumentException or NotSupportedException or InvalidOperationException or TransportRefusedException;

    /// <summary>This task itself needs no telling.</summary>
    public void Known(string taskId) => _told.Add(taskId);

    /// <summary>Of all messages of this id one is to run.</summary>
    private static Signature Once(Signature task) => task with
    {
        Options = task.Options with { Headers = new MessageHeaders((task.Options.Headers ?? MessageHeaders.Empty).Append(new(TaskHeader.Once, $"{Guid.NewGuid():N}"))) },
    };

    private Signature Known(Signature task) => task with { Declared = task.Declared ?? registry.Find(task.Task)?.Options };

    private ValueTask<PreparedTask> PrepareAsync(WorkflowStep step, Signature task, CancellationToken cancellationToken)
    {
        var own = task.Options;
        var options = own with { ParentId = step.ParentId, RootId = step.RootId ?? own.RootId ?? own.TaskId, Headers = step.Headers(own.Headers) };
        var known = Known(task) with { Options = options, Mapped = task.Mapped is { } mapped ? Known(mapped) : null };
        return client.PrepareAsync(known, options.TaskId!, claim: null, client.Router.Route(known, step.Priority), trace: null, cancellationToken);
    }
}

/// <summary>A member of a chord that has ended.</summary>
/// <param name="GroupId">The chord.</param>
/// <param name="Part">How it has ended.</param>
/// <param name="Body">The body, as the member's message carried it.</param>
internal sealed record ChordEnd(string GroupId, ChordPart Part, ReadOnlyMemory<byte> Body);
