using System.Globalization;
using System.Text.Json;
using Celeriac.Serialization;

namespace Celeriac.Protocol;

/// <summary>
/// Gives each parameter of a task its slice of the body, from Python's positional list and keyword map together, with Python's rules and wording.
/// Nothing is read but the boundaries of the values.
/// </summary>
internal static class ArgumentBinder
{
    // The decoder has checked the depth by its own limit, which is at most this.
    private static readonly JsonReaderOptions s_options = new() { MaxDepth = 1010 };

    /// <summary>Binds a request's arguments to a task's parameters.</summary>
    /// <exception cref="TaskArgumentException">They do not fit: one is missing, unknown, given twice, or too many.</exception>
    public static BoundArguments Bind(TaskDefinition definition, TaskRequest request)
    {
        var binding = new Binding(definition);
        var given = binding.TakePositional(request.Body.Span, request.Args);
        binding.TakeKeywords(request.Body.Span, request.Kwargs);
        binding.RequireComplete(given);
        return new BoundArguments(definition.Name, definition.Parameters, request.Body, binding.Values, binding.Rest);
    }

    private ref struct Binding
    {
        private readonly TaskDefinition _definition;
        private readonly bool _hasRest;
        private readonly int _positional;
        private JsonSlice[] _rest = [];

        public Binding(TaskDefinition definition)
        {
            _definition = definition;
            Values = definition.Parameters.Count == 0 ? [] : new JsonSlice[definition.Parameters.Count];
            _positional = PositionalOf(definition.Parameters);
            _hasRest = _positional < Values.Length;
        }

        public JsonSlice[] Values { get; }

        public readonly JsonSlice[] Rest => _rest;

        /// <summary>Answers how many were given.</summary>
        public int TakePositional(ReadOnlySpan<byte> body, JsonSlice args)
        {
            if (args.Length == 0)
            {
                return 0;
            }
            var reader = new Utf8JsonReader(body.Slice(args.Start, args.Length), s_options);
            reader.Read();
            var count = 0;
            for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
            {
                var slice = TakeValue(ref reader, args.Start);
                if (count < _positional)
                {
                    Values[count] = slice;
                }
                else if (_hasRest)
                {
                    AddRest(slice, count - _positional);
                }
            }
            if (_hasRest)
            {
                Array.Resize(ref _rest, Math.Max(0, count - _positional));
            }
            return count;
        }

        public readonly void TakeKeywords(ReadOnlySpan<byte> body, JsonSlice kwargs)
        {
            if (kwargs.Length == 0)
            {
                return;
            }
            var reader = new Utf8JsonReader(body.Slice(kwargs.Start, kwargs.Length), s_options);
            reader.Read();
            // A name that occurs twice in the map has its last value, as in Python; only a value from the list clashes.
            var fromList = PositionalTaken();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var index = IndexOf(ref reader);
                if (index < 0)
                {
                    throw Fault($"got an unexpected keyword argument '{TaskMessageDecoder.Shown(JsonText.Read(ref reader))}' (parameters: {string.Join(", ", _definition.Parameters.Select(parameter => parameter.Name))}).");
                }
                if (index < fromList)
                {
                    throw Fault($"got multiple values for argument '{_definition.Parameters[index].Name}'");
                }
                reader.Read();
                Values[index] = TakeValue(ref reader, kwargs.Start);
            }
        }

        public readonly void RequireComplete(int given)
        {
            if (given > _positional && !_hasRest)
            {
                throw Fault(TooMany(given));
            }
            List<string>? missing = null;
            for (var index = 0; index < Values.Length; index++)
            {
                if (Values[index].Length == 0 && _definition.Parameters[index].Kind == TaskParameterKind.Required)
                {
                    (missing ??= []).Add($"'{_definition.Parameters[index].Name}'");
                }
            }
            if (missing is not null)
            {
                throw Fault(string.Create(CultureInfo.InvariantCulture, $"missing {missing.Count} required positional argument{(missing.Count == 1 ? "" : "s")}: {Enumerate(missing)}"));
            }
        }

        /// <summary>Those in front of the one that takes all the rest; any after it is given by name.</summary>
        private static int PositionalOf(IReadOnlyList<TaskParameter> parameters)
        {
            var count = 0;
            while (count < parameters.Count && parameters[count].Kind != TaskParameterKind.Rest)
            {
                count++;
            }
            return count;
        }

        private readonly int PositionalTaken()
        {
            var count = 0;
            while (count < _positional && Values[count].Length > 0)
            {
                count++;
            }
            return count;
        }

        private readonly int IndexOf(ref Utf8JsonReader reader)
        {
            // An escaped name may hold half a surrogate pair, of which the reader's own comparison makes an exception.
            var escaped = reader.ValueIsEscaped ? JsonText.Read(ref reader) : null;
            for (var index = 0; index < Values.Length; index++)
            {
                var parameter = _definition.Parameters[index];
                if (parameter.Kind == TaskParameterKind.Rest)
                {
                    continue;
                }
                if (escaped is null
                    ? reader.ValueTextEquals(parameter.Name) || reader.ValueTextEquals(parameter.SnakeName)
                    : escaped == parameter.Name || escaped == parameter.SnakeName)
                {
                    return index;
                }
            }
            return -1;
        }

        private void AddRest(JsonSlice slice, int index)
        {
            if (index == _rest.Length)
            {
                Array.Resize(ref _rest, Math.Max(4, _rest.Length * 2));
            }
            _rest[index] = slice;
        }

        private static JsonSlice TakeValue(ref Utf8JsonReader reader, int offset)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            return new JsonSlice(offset + start, (int)reader.BytesConsumed - start);
        }

        private readonly string TooMany(int given)
        {
            var required = _definition.Parameters.Count(parameter => parameter.Kind == TaskParameterKind.Required);
            var takes = required == _positional
                ? string.Create(CultureInfo.InvariantCulture, $"{_positional} positional argument{(_positional == 1 ? "" : "s")}")
                : string.Create(CultureInfo.InvariantCulture, $"from {required} to {_positional} positional arguments");
            return string.Create(CultureInfo.InvariantCulture, $"takes {takes} but {given} {(given == 1 ? "was" : "were")} given");
        }

        private static string Enumerate(List<string> names) => names.Count switch
        {
            1 => names[0],
            2 => $"{names[0]} and {names[1]}",
            _ => $"{string.Join(", ", names[..^1])}, and {names[^1]}",
        };

        private readonly TaskArgumentException Fault(string what) => new($"{_definition.Name}() {what}");
    }
}
