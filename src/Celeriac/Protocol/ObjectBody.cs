using System.Text.Json;
using System.Text.Unicode;
using Celeriac.Messaging;
using Celeriac.Serialization;

namespace Celeriac.Protocol;

/// <summary>
/// A body that is an object: Celery's protocol 1, where everything stands in it, or the form between the protocols, where it holds the arguments
/// and the headers the rest. It becomes a message of protocol 2, so that nothing behind the decoder knows that there are others.
/// </summary>
internal sealed class ObjectBody
{
    private const int MostElements = 3;
    private static readonly string[] s_parts = ["args", "kwargs", "callbacks", "errbacks", "chain", "chord"];
    private static readonly byte[][] s_between = ["["u8.ToArray(), ","u8.ToArray(), ",{\"callbacks\":"u8.ToArray(), ",\"errbacks\":"u8.ToArray(), ",\"chain\":"u8.ToArray(), ",\"chord\":"u8.ToArray(), "}]"u8.ToArray()];

    private readonly Dictionary<string, HeaderValue> _values = new(StringComparer.Ordinal);
    private readonly ReadOnlyMemory<byte>[] _parts = ["[]"u8.ToArray(), "{}"u8.ToArray(), "null"u8.ToArray(), "null"u8.ToArray(), "null"u8.ToArray(), "null"u8.ToArray()];

    private ObjectBody()
    {
    }

    /// <summary>True where the arguments are in the object, by which Celery knows the form between the protocols.</summary>
    public bool HasArgs { get; private set; }

    /// <summary>What protocol 2 has in a header.</summary>
    public HeaderValue Value(string name) => _values.GetValueOrDefault(name);

    /// <summary>Whether a JSON text is an object.</summary>
    public static bool IsObject(ReadOnlySpan<byte> body) => body.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];

    /// <summary>Reads the object; whether its members are of the right kinds is seen when they are read as protocol 2.</summary>
    /// <returns>What is wrong; null where nothing is.</returns>
    public static (QuarantineReason Reason, string Text)? Read(ReadOnlyMemory<byte> body, int maximumDepth, out ObjectBody? found)
    {
        found = null;
        if (!Utf8.IsValid(body.Span))
        {
            return BodyParts.Malformed("The body is not UTF-8. Let the sender write JSON in UTF-8.");
        }
        try
        {
            return Walk(body, maximumDepth, out found);
        }
        catch (JsonException) when (PythonJson.TryQuoteNonFinite(body.Span, out var standard))
        {
            body = standard;
        }
        catch (JsonException error)
        {
            return BodyParts.NotJson(error);
        }
        try
        {
            return Walk(body, maximumDepth, out found);
        }
        catch (JsonException error)
        {
            return BodyParts.NotJson(error);
        }
    }

    /// <summary>
    /// The same in protocol 2, uncompressed. A header of the message wins where there is a header <c>task</c>, the body where there is none, as in Celery;
    /// null says nothing.
    /// </summary>
    public Message ToProtocol2(Message message)
    {
        var body = Join();
        var headers = new Dictionary<string, HeaderValue>(StringComparer.Ordinal);
        foreach (var header in message.Headers)
        {
            headers[header.Key] = header.Value;
        }
        headers.Remove(TaskHeader.Compression);
        var headersWin = message.Headers.Has(TaskHeader.Task);
        foreach (var (name, value) in _values)
        {
            if (!headersWin || !message.Headers.Has(name))
            {
                headers[name] = value;
            }
        }
        AddRepr(headers, TaskHeader.ArgsRepr, isArgs: true);
        AddRepr(headers, TaskHeader.KwargsRepr, isArgs: false);
        return message with
        {
            Body = body,
            ContentType = TaskMessageCodec.ContentType,
            ContentEncoding = TaskMessageCodec.ContentEncoding,
            Headers = new MessageHeaders(headers),
        };
    }

    private static (QuarantineReason, string)? Walk(ReadOnlyMemory<byte> body, int maximumDepth, out ObjectBody? found)
    {
        found = new ObjectBody();
        // One level more than allowed, so that the walk meets what is too deep before the reader does.
        var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = maximumDepth + 1 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonText.Read(ref reader);
            reader.Read();
            if (IsHeader(name))
            {
                found.Keep(name == "taskset" ? TaskHeader.Group : name, ReadValue(ref reader));
                continue;
            }
            var start = (int)reader.TokenStartIndex;
            if (!BodyParts.SkipWithin(ref reader, maximumDepth))
            {
                return BodyParts.TooDeep(maximumDepth);
            }
            found.Keep(name, body[start..(int)reader.BytesConsumed]);
        }
        // What follows the object is refused by the reader.
        reader.Read();
        return null;
    }

    private static bool IsHeader(string name) => name is
        TaskHeader.Task or TaskHeader.Id or TaskHeader.Shadow or TaskHeader.Eta or TaskHeader.Expires or TaskHeader.Group or TaskHeader.GroupIndex or
        TaskHeader.Retries or TaskHeader.TimeLimit or TaskHeader.RootId or TaskHeader.ParentId or TaskHeader.ArgsRepr or TaskHeader.KwargsRepr or
        TaskHeader.Origin or TaskHeader.IgnoreResult or "taskset";

    /// <summary>Null never takes the place of a value: <c>taskset</c> and <c>group</c> stand side by side, and either may be null.</summary>
    private void Keep(string name, HeaderValue value)
    {
        if (!value.IsNull)
        {
            _values[name] = value;
        }
    }

    private void Keep(string name, ReadOnlyMemory<byte> json)
    {
        var index = Array.IndexOf(s_parts, name);
        if (index >= 0)
        {
            _parts[index] = json;
            HasArgs |= index == 0;
        }
    }

    /// <summary>A member as a header would carry it. What no header of Celery's can be becomes a map, which every reader of headers refuses.</summary>
    private static HeaderValue ReadValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return HeaderValue.Null;
            case JsonTokenType.String:
                return JsonText.Read(ref reader);
            case JsonTokenType.Number:
                return reader.TryGetInt64(out var whole) ? HeaderValue.From(whole) : HeaderValue.From(reader.GetDouble());
            case JsonTokenType.StartArray:
                return ReadList(ref reader);
            case JsonTokenType.StartObject:
                reader.Skip();
                return HeaderValue.From(MessageHeaders.Empty);
            default:
                return reader.TokenType == JsonTokenType.True;
        }
    }

    private static HeaderValue ReadList(ref Utf8JsonReader reader)
    {
        // Only the pair of time limits is a list: one element more than that tells that it is wrong.
        var values = new List<HeaderValue>(MostElements);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var isDeep = reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject;
            var value = isDeep ? HeaderValue.From(MessageHeaders.Empty) : ReadValue(ref reader);
            reader.Skip();
            if (values.Count < MostElements)
            {
                values.Add(value);
            }
        }
        return HeaderValue.From(values);
    }

    private byte[] Join()
    {
        var body = new byte[s_between.Sum(text => text.Length) + _parts.Sum(part => part.Length)];
        var position = 0;
        for (var index = 0; index < s_between.Length; index++)
        {
            s_between[index].CopyTo(body, position);
            position += s_between[index].Length;
            if (index < _parts.Length)
            {
                _parts[index].CopyTo(body.AsMemory(position));
                position += _parts[index].Length;
            }
        }
        return body;
    }

    private void AddRepr(Dictionary<string, HeaderValue> headers, string name, bool isArgs)
    {
        var json = _parts[isArgs ? 0 : 1].Span;
        if (headers.GetValueOrDefault(name).IsNull && json is [var first, ..] && first == (isArgs ? (byte)'[' : (byte)'{'))
        {
            headers[name] = isArgs ? PythonRepr.OfArgs(json) : PythonRepr.OfKwargs(json);
        }
    }
}
