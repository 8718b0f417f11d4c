using System.Buffers;
using System.Text.Json;
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
    ];

    private static TaskDefinition Define(string name, IReadOnlyList<TaskParameter> parameters, TaskInvoker invoker) =>
        new() { Name = name, Method = $"Celeriac.{name}", Parameters = parameters, Invoker = invoker, Options = TaskOptions.Default };

    private static TaskParameter Required(string name) => new(name, TaskParameterKind.Required, "JSON");

    private static TaskParameter Optional(string name) => new(name, TaskParameterKind.Optional, "JSON");

    private static TaskParameter Rest(string name) => new(name, TaskParameterKind.Rest, "JSON");

    /// <summary>Answers its arguments, or the one at an index.</summary>
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
        return TaskJson.Decode<int>(index.Span) is var place && place >= 0 && place < elements.Count
            ? new(elements[place])
            : throw new TaskArgumentException($"celery.accumulate() has {elements.Count} arguments, but index is {place}. Give an index from 0 on that is less.");
    }

    /// <summary>Runs another task for each item, one after the other, in this run.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> MapAsync(TaskInvocation invocation, bool isStar)
    {
        var request = invocation.Context.Request;
        var mapped = SignatureReader.Read(ValueOf(request, "task"));
        var definition = registry.FindRunnable(mapped.Task)
            ?? throw new TaskArgumentException($"{invocation.Definition.Name}() is to run task '{mapped.Task}', which is not registered on this worker. Send it to a queue whose workers know the task.");
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write("["u8);
        var first = true;
        foreach (var item in SignatureReader.Elements(ValueOf(request, "it")))
        {
            invocation.CancellationToken.ThrowIfCancellationRequested();
            if (!first)
            {
                buffer.Write(","u8);
            }
            first = false;
            buffer.Write((await RunAsync(invocation, definition, isStar ? item : (byte[])[(byte)'[', .. item.Span, (byte)']']).ConfigureAwait(false)).Span);
        }
        buffer.Write("]"u8);
        return buffer.WrittenMemory;
    }

    private static async ValueTask<ReadOnlyMemory<byte>> RunAsync(TaskInvocation outer, TaskDefinition definition, ReadOnlyMemory<byte> args)
    {
        if (args.Span is not [(byte)'[', ..])
        {
            throw new TaskArgumentException($"celery.starmap() takes a list of argument lists, but one is '{TaskJson.Excerpt(args.Span)}'. Give a list for each run.");
        }
        byte[] body = [.. args.Span, .. "{}"u8];
        var request = outer.Context.Request with { Task = definition.Name, Body = body, Args = new JsonSlice(0, args.Length), Kwargs = new JsonSlice(args.Length, 2) };
        var invocation = new TaskInvocation(definition, ArgumentBinder.Bind(definition, request), outer.Context, outer.Services, outer.CancellationToken);
        try
        {
            return definition.IsSynchronous
                ? await Task.Factory.StartNew(() => definition.Invoker!(invocation).AsTask(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap().ConfigureAwait(false)
                : await definition.Invoker!(invocation).ConfigureAwait(false);
        }
        finally
        {
            await invocation.EndAsync().ConfigureAwait(false);
        }
    }

    private static ReadOnlyMemory<byte> ValueOf(TaskRequest request, string name)
    {
        var kwargs = SignatureReader.Members(request.Body.Slice(request.Kwargs.Start, request.Kwargs.Length));
        var value = kwargs.Find(member => member.Key == name).Value;
        if (!value.IsEmpty)
        {
            return value;
        }
        // Celery writes keywords; a hand-written call may not.
        var args = SignatureReader.Elements(request.Body.Slice(request.Args.Start, request.Args.Length));
        return name == "task" ? args[0] : args[1];
    }
}
