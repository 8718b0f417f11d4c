using Celeriac.Canvas;
using Celeriac.Protocol;

namespace Celeriac.Working;

/// <summary>Celery's own tasks that every worker knows (CELERY-PROTOCOL 9.5). They are not listed, as in Celery.</summary>
internal sealed class BuiltinTasks(TaskRegistry registry)
{
    public IEnumerable<TaskDefinition> All =>
    [
        Define("celery.accumulate", [Rest("args"), Optional("index")], Accumulate),
        Define("celery.map", [Required("task"), Required("it")], invocation => MapAsync(invocation, isStar: false)),
        Define("celery.starmap", [Required("task"), Required("it")], invocation => MapAsync(invocation, isStar: true)),
        Define("celery.chunks", [Required("task"), Required("it"), Required("n")], ChunksAsync),
    ];

    private static TaskDefinition Define(string name, IReadOnlyList<TaskParameter> parameters, TaskInvoker invoker) =>
        new() { Name = name, Method = $"Celeriac.{name}", Parameters = parameters, Invoker = invoker, Options = TaskOptions.Default };

    private static TaskParameter Required(string name) => new(name, TaskParameterKind.Required, "JSON");

    private static TaskParameter Optional(string name) => new(name, TaskParameterKind.Optional, "JSON");

    private static TaskParameter Rest(string name) => new(name, TaskParameterKind.Rest, "JSON");

    /// <summary>Answers its arguments, or the one at an index, from the end where that is negative.</summary>
    private static ValueTask<ReadOnlyMemory<byte>> Accumulate(TaskInvocation invocation)
    {
        var request = invocation.Context.Request;
        var args = request.Body.Slice(request.Args.Start, request.Args.Length);
        var kwargs = request.Body.Slice(request.Kwargs.Start, request.Kwargs.Length);
        var index = SignatureReader.Members(kwargs).Find(member => member.Key == "index").Value;
        if (index.IsEmpty || index.Span is [(byte)'n', ..])
        {
            return new(args);
        }
        var elements = SignatureReader.Elements(args);
        return int.TryParse(index.Span, System.Globalization.CultureInfo.InvariantCulture, out var place) && place >= -elements.Count && place < elements.Count
            ? new(elements[place < 0 ? place + elements.Count : place])
            : throw new TaskArgumentException($"celery.accumulate() has {elements.Count} arguments, but index is '{TaskJson.Excerpt(index.Span)}'. Give the index of one of them, from 0 on.");
    }

    /// <summary>Runs another task for each item, one after the other, in this run.</summary>
    private ValueTask<ReadOnlyMemory<byte>> MapAsync(TaskInvocation invocation, bool isStar)
    {
        var (task, items) = (ValueOf(invocation, 0), ValueOf(invocation, 1));
        var name = NameOf(invocation, task);
        RequireList(invocation, items);
        var definition = registry.FindRunnable(name)
            ?? throw new TaskArgumentException($"{invocation.Definition.Name}() is to run task '{name}', which is not registered on this worker. Send it to a queue whose workers know the task.");
        var runs = new MappedRuns(invocation, definition, isStar);
        return definition.IsSynchronous
            // One thread for all: what blocks must not hold one of the pool's.
            ? new(Task.Factory.StartNew(() => runs.RunAsync(items), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap())
            : new(runs.RunAsync(items));
    }

    /// <summary>Sends the group of its parts, and answers where their results will be, as Celery does. A run that is repeated sends the same ids.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> ChunksAsync(TaskInvocation invocation)
    {
        var (task, items, size) = (ValueOf(invocation, 0), ValueOf(invocation, 1), ValueOf(invocation, 2));
        var group = Open(NameOf(invocation, task), task, items, size);
        var id = invocation.Context.Id;
        var frozen = new Freezing(place => DerivedId.Of(id, $"chunks{place}")).Freeze(group);
        await TaskClient.Current.SendAsync(frozen, invocation.CancellationToken).ConfigureAwait(false);
        return ResultTuples.Encode(frozen.Options.TaskId!, [.. CanvasTree.TasksOf(frozen).Select(member => member.Options.TaskId!)]);
    }

    private Signature Open(string name, ReadOnlyMemory<byte> task, ReadOnlyMemory<byte> items, ReadOnlyMemory<byte> size)
    {
        try
        {
            return ChunkedCalls.GroupOf(SendOptions.None, registry.Find(name)?.Options, task, items, size);
        }
        catch (ArgumentException error)
        {
            throw new TaskArgumentException(error.Message, error);
        }
    }

    private static string NameOf(TaskInvocation invocation, ReadOnlyMemory<byte> task)
    {
        try
        {
            return SignatureReader.Read(task).Task;
        }
        catch (System.Text.Json.JsonException error)
        {
            throw new TaskArgumentException($"{invocation.Definition.Name}() has task '{TaskJson.Excerpt(task.Span)}', but a signature was expected. Give {{\"task\": name}}, or task.s() in Python.", error);
        }
    }

    private static void RequireList(TaskInvocation invocation, ReadOnlyMemory<byte> items)
    {
        if (items.Span is not [(byte)'[', ..])
        {
            throw new TaskArgumentException($"{invocation.Definition.Name}() has it '{TaskJson.Excerpt(items.Span)}', but a list was expected. Give a list with one element for each call.");
        }
    }

    /// <summary>A parameter as JSON. Celery writes keywords; a hand-written call may not.</summary>
    private static ReadOnlyMemory<byte> ValueOf(TaskInvocation invocation, int index)
    {
        var request = invocation.Context.Request;
        var args = SignatureReader.Elements(request.Body.Slice(request.Args.Start, request.Args.Length));
        return index < args.Count
            ? args[index]
            : SignatureReader.Members(request.Body.Slice(request.Kwargs.Start, request.Kwargs.Length)).Find(member => member.Key == invocation.Definition.Parameters[index].Name).Value;
    }
}
