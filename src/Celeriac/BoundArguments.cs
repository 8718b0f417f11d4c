using System.Text.Json;

namespace Celeriac;

/// <summary>A stretch of JSON within a message body.</summary>
/// <param name="Start">The first byte.</param>
/// <param name="Length">The number of bytes; 0 where no value was given.</param>
public readonly record struct JsonSlice(int Start, int Length);

/// <summary>The JSON of each parameter's value, still unread: generated code reads each once, with its type.</summary>
public readonly struct BoundArguments
{
    private readonly ReadOnlyMemory<byte> _source;
    private readonly JsonSlice[] _values;
    private readonly JsonSlice[] _rest;
    private readonly IReadOnlyList<TaskParameter> _parameters;
    private readonly string _task;

    /// <summary>Called by the binder.</summary>
    /// <param name="task">The task's name, for error texts.</param>
    /// <param name="parameters">The task's parameters.</param>
    /// <param name="source">The JSON that the slices point into.</param>
    /// <param name="values">One slice a parameter; length 0 where the default applies.</param>
    /// <param name="rest">The values of a <c>params</c> array.</param>
    public BoundArguments(string task, IReadOnlyList<TaskParameter> parameters, ReadOnlyMemory<byte> source, JsonSlice[] values, JsonSlice[] rest)
    {
        _task = task;
        _parameters = parameters;
        _source = source;
        _values = values;
        _rest = rest;
    }

    /// <summary>True when a value was given for the parameter.</summary>
    public bool Has(int index) => _values[index].Length > 0;

    /// <summary>The value of a parameter.</summary>
    /// <exception cref="TaskArgumentException">The JSON does not fit the type.</exception>
    public T Get<T>(int index) => Read<T>(_values[index], index);

    /// <summary>The value of a parameter, or its default.</summary>
    /// <exception cref="TaskArgumentException">The JSON does not fit the type.</exception>
    public T GetOr<T>(int index, T defaultValue) => Has(index) ? Get<T>(index) : defaultValue;

    /// <summary>The values of a <c>params</c> parameter.</summary>
    /// <exception cref="TaskArgumentException">A value does not fit the type.</exception>
    public T[] GetRest<T>(int index)
    {
        var values = new T[_rest.Length];
        for (var position = 0; position < values.Length; position++)
        {
            values[position] = Read<T>(_rest[position], index);
        }
        return values;
    }

    private T Read<T>(JsonSlice slice, int index)
    {
        try
        {
            return TaskJson.Decode<T>(_source.Slice(slice.Start, slice.Length).Span);
        }
        catch (Exception error) when (error is JsonException or FormatException or OverflowException or InvalidOperationException or NotSupportedException)
        {
            throw new TaskArgumentException(
                $"{_task}() argument '{_parameters[index].Name}' does not fit {_parameters[index].TypeName}: {TaskJson.Excerpt(_source.Slice(slice.Start, slice.Length).Span)}. Send a value of that type.", error);
        }
    }
}
