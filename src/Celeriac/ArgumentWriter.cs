using System.Buffers;
using System.Text.Json;

namespace Celeriac;

/// <summary>Writes positional arguments as a JSON array, once, into an array of exactly its size. Used by generated code.</summary>
public readonly struct ArgumentWriter
{
    [ThreadStatic]
    private static Pooled? t_free;

    private readonly Pooled _pooled;

    /// <summary>Starts an array.</summary>
    public ArgumentWriter()
    {
        // A writer is taken while it is in use: a converter that builds another signature inside gets one of its own.
        _pooled = t_free ?? new Pooled();
        t_free = null;
        _pooled.Writer.WriteStartArray();
    }

    /// <summary>Adds an argument.</summary>
    public ArgumentWriter Add<T>(T value)
    {
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

    /// <summary>Ends the array.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        _pooled.Writer.WriteEndArray();
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

    private sealed class Pooled
    {
        public Pooled() => Writer = new Utf8JsonWriter(Buffer, TaskJson.WriterOptions);

        public ArrayBufferWriter<byte> Buffer { get; } = new(256);
        public Utf8JsonWriter Writer { get; }
    }
}
