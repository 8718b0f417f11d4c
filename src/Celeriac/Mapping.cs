using System.Buffers;
using System.Text.Json;

namespace Celeriac;

/// <summary>Writes Celery's calls of one task many times in one run: <c>celery.map</c>, <c>celery.starmap</c>, and groups of these.</summary>
internal static class Mapping
{
    public const string MapType = "xmap";
    public const string StarMapType = "xstarmap";
    public const string ChunksType = "chunks";

    /// <summary>One run in which a task is called with each item.</summary>
    /// <param name="task">The task. Arguments that it has already follow each item.</param>
    /// <param name="items">The JSON of each item.</param>
    public static Signature Map(Signature task, IEnumerable<ReadOnlyMemory<byte>> items)
    {
        Require(task, "Map");
        // Celery's map calls the task with the item and nothing else.
        return task.Args.Length == 2
            ? Call("celery.map", MapType, task, items)
            : Call("celery.starmap", StarMapType, task, items.Select(item => Workflow.Prepend(item, task.Args)));
    }

    /// <summary>One run in which a task is called with each list of arguments.</summary>
    public static Signature StarMap(Signature task, IEnumerable<ReadOnlyMemory<byte>> rows)
    {
        Require(task, "StarMap");
        RequireBare(task, "StarMap");
        return Call("celery.starmap", StarMapType, task, rows);
    }

    /// <summary>A group of runs, in each of which a task is called with so many lists of arguments.</summary>
    public static Signature Chunks(Signature task, IEnumerable<ReadOnlyMemory<byte>> rows, int size)
    {
        Require(task, "Chunks");
        RequireBare(task, "Chunks");
        ArgumentNullException.ThrowIfNull(rows);
        if (size < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(size), size, $"Calls of '{task.Task}' cannot be made into chunks of {size}. Give a size of at least 1.");
        }
        var member = task with { Options = task.Options with { TaskId = null } };
        var group = Workflow.Group(rows.Chunk(size).Select(part => Call("celery.starmap", StarMapType, member, part)));
        return group with { Options = group.Options with { TaskId = task.Options.TaskId } };
    }

    /// <summary>Arguments as JSON.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> RowsOf<T1, T2>(IEnumerable<(T1, T2)> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return rows.Select(row => new ArgumentWriter().Add(row.Item1).Add(row.Item2).Finish());
    }

    /// <summary>Arguments as JSON.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> RowsOf<T1, T2, T3>(IEnumerable<(T1, T2, T3)> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return rows.Select(row => new ArgumentWriter().Add(row.Item1).Add(row.Item2).Add(row.Item3).Finish());
    }

    private static Signature Call(string name, string type, Signature task, IEnumerable<ReadOnlyMemory<byte>> calls)
    {
        ArgumentNullException.ThrowIfNull(calls);
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, TaskJson.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("task"u8);
            WriteTask(writer, task.Task);
            writer.WritePropertyName("it"u8);
            writer.WriteStartArray();
            foreach (var call in calls)
            {
                writer.WriteRawValue(call.Span, skipInputValidation: true);
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        return new Signature(name)
        {
            Kwargs = buffer.WrittenMemory,
            SubtaskType = type,
            Immutable = true,
            Options = task.Options,
            Mapped = new Signature(task.Task) { Declared = task.Declared },
        };
    }

    // Only the name counts: Celery calls the task itself, without arguments and options of its signature.
    private static void WriteTask(Utf8JsonWriter writer, string name)
    {
        writer.WriteStartObject();
        writer.WriteString("task"u8, name);
        writer.WriteStartArray("args"u8);
        writer.WriteEndArray();
        writer.WriteStartObject("kwargs"u8);
        writer.WriteEndObject();
        writer.WriteStartObject("options"u8);
        writer.WriteEndObject();
        writer.WriteNull("subtask_type"u8);
        writer.WriteBoolean("immutable"u8, false);
        writer.WriteEndObject();
    }

    private static void Require(Signature task, string form)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (task.Canvas is not null || task.SubtaskType is not null)
        {
            throw new ArgumentException($"{form} calls one task, but '{task.Task}' is a workflow. Make it a group: Group.Of(items.Select(...)).", nameof(task));
        }
        if (task.Kwargs.Length > 2)
        {
            throw new ArgumentException($"{form} calls '{task.Task}' by position, but it has the keyword arguments '{TaskJson.Excerpt(task.Kwargs.Span)}'. Make it a group: Group.Of(items.Select(...)).", nameof(task));
        }
        if (task.Links.Count + task.LinkErrors.Count > 0)
        {
            throw new ArgumentException($"{form} calls '{task.Task}' within one run, where its callbacks and errbacks are not called. Link them to the whole.", nameof(task));
        }
    }

    private static void RequireBare(Signature task, string form)
    {
        if (task.Args.Length > 2)
        {
            throw new ArgumentException($"{form} gives '{task.Task}' its arguments, but it has '{TaskJson.Excerpt(task.Args.Span)}' already. Give them in each row.", nameof(task));
        }
    }
}
