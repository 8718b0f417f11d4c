using System.Buffers;
using System.Text.Json;

namespace Celeriac;

/// <summary>Writes arguments once, into an array of exactly their size: by position as a JSON array, or by name as a JSON object. Used by generated code.</summary>
public readonly struct ArgumentWriter
{
    [ThreadStatic]
    private static Pooled? t_free;

    private readonly Pooled _pooled;

    /// <summary>Starts an array of positional arguments.</summary>
    public ArgumentWriter()
    {
        _pooled = Take();
        _pooled.Writer.WriteStartArray();
    }

    /// <summary>Starts an object of arguments by name, in the order of the task's parameters and under the names that Python gives them.</summary>
    public ArgumentWriter(TaskDefinition definition) : this(definition, 0)
    {
    }

    /// <summary>The same without the first parameters, which are left open.</summary>
    public ArgumentWriter(TaskDefinition definition, int open)
    {
        ArgumentNullException.ThrowIfNull(definition);
        _pooled = Take();
        _pooled.Named = definition.Parameters;
        _pooled.Next = open;
        _pooled.Writer.WriteStartObject();
    }

    /// <summary>Adds an argument.</summary>
    public ArgumentWriter Add<T>(T value)
    {
        if (_pooled.Named is { } parameters)
        {
            _pooled.Writer.WritePropertyName(parameters[_pooled.Next++].SnakeName);
        }
        TaskJson.Write(_pooled.Writer, value);
        return this;
    }

    /// <summary>Adds each of a <c>params</c> array.</summary>
    public ArgumentWriter AddRest<T>(IEnumerable<T> values)
    {
        foreach (var value in values)
        {
            TaskJson.Write(_pooled.Writer, value);
        }
        return this;
    }

    /// <summary>Ends the array or object.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        if (_pooled.Named is null)
        {
            _pooled.Writer.WriteEndArray();
        }
        else
        {
            _pooled.Writer.WriteEndObject();
            _pooled.Named = null;
            _pooled.Next = 0;
        }
        _pooled.Writer.Flush();
        var bytes = _pooled.Buffer.WrittenSpan.ToArray();
        if (_pooled.Buffer.Capacity <= 1 << 20)
        {
            _pooled.Buffer.ResetWrittenCount();
            _pooled.Writer.Reset(_pooled.Buffer);
            t_free = _pooled;
        }
        return bytes;
    }

    private static Pooled Take()
    {
        // A writer is taken while it is in use: a converter that builds another signature inside gets one of its own.
        var pooled = t_free ?? new Pooled();
        t_free = null;
        return pooled;
    }

    private sealed class Pooled
    {
        public Pooled() => Writer = new Utf8JsonWriter(Buffer, TaskJson.WriterOptions);

        public ArrayBufferWriter<byte> Buffer { get; } = new(256);
        public Utf8JsonWriter Writer { get; }

        /// <summary>The parameters whose names are written; null for arguments by position.</summary>
        public IReadOnlyList<TaskParameter>? Named { get; set; }
        public int Next { get; set; }
    }
}
