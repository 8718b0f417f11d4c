using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Celeriac.Messaging.Serialization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Celeriac;

/// <summary>
/// YAML to JSON, event by event, without building a tree. An anchored node is a stretch of the JSON written so far and an alias a copy of it, so that
/// what aliases multiply is bounded by the length of the JSON.
/// </summary>
internal sealed class YamlReader : IDisposable
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Parser _parser;
    private readonly int _maximumDepth;
    private readonly int _maximumBytes;
    private readonly ArrayBufferWriter<byte> _json = new(256);
    private readonly Utf8JsonWriter _writer;
    private readonly Dictionary<string, (int Start, int Length)> _anchors = new(StringComparer.Ordinal);

    private YamlReader(string text, int maximumDepth, int maximumBytes)
    {
        _parser = new Parser(new StringReader(text));
        _maximumDepth = maximumDepth;
        _maximumBytes = maximumBytes;
        // Escaped no more than it must be: the arguments are shown to people.
        _writer = new Utf8JsonWriter(_json, new JsonWriterOptions { SkipValidation = true, MaxDepth = maximumDepth + 2, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    /// <summary>The JSON of a document.</summary>
    /// <exception cref="ContentException">The body is no YAML, holds more than data, or is too deep or too long.</exception>
    public static ReadOnlyMemory<byte> Read(ReadOnlyMemory<byte> body, int maximumDepth, int maximumBytes)
    {
        try
        {
            using var reader = new YamlReader(StrictUtf8.GetString(body.Span), maximumDepth, maximumBytes);
            return reader.ReadStream();
        }
        catch (DecoderFallbackException error)
        {
            throw new ContentException("The yaml body is not UTF-8. Let the sender write UTF-8.", error);
        }
        catch (Exception error) when (error is not (ContentException or OutOfMemoryException))
        {
            var place = error is YamlException yaml ? $" at line {yaml.Start.Line}, column {yaml.Start.Column}" : "";
            throw new ContentException($"The yaml body is not YAML: it goes wrong{place}. Let the sender write it with a YAML library.", error);
        }
    }

    public void Dispose() => _writer.Dispose();

    private ReadOnlyMemory<byte> ReadStream()
    {
        Next();
        if (Next() is StreamEnd)
        {
            // An empty stream is null, as in Python.
            return "null"u8.ToArray();
        }
        WriteNode(Next(), 0);
        Next();
        if (Next() is not StreamEnd)
        {
            throw new ContentException("The yaml body holds more than one document, but a message holds one. Let the sender send one.");
        }
        _writer.Flush();
        return _json.WrittenMemory;
    }

    private ParsingEvent Next() => _parser.MoveNext() ? _parser.Current! : throw new ContentException("The yaml body breaks off. Let the sender send all of it.");

    private void WriteNode(ParsingEvent node, int depth)
    {
        if (node is AnchorAlias alias)
        {
            WriteAlias(alias.Value.Value);
            return;
        }
        var anchor = node is NodeEvent { Anchor.IsEmpty: false } named ? named.Anchor.Value : null;
        var start = 0;
        if (anchor is not null)
        {
            // Until it is whole there is nothing to copy: an alias inside of its own anchor is unknown.
            _anchors.Remove(anchor);
            start = Written();
        }
        WriteValue(node, depth);
        if (Written() > _maximumBytes)
        {
            throw TooLong();
        }
        if (anchor is not null)
        {
            // The comma before it is no part of it.
            start += _json.WrittenSpan[start] == ',' ? 1 : 0;
            _anchors[anchor] = (start, _json.WrittenCount - start);
        }
    }

    private int Written()
    {
        _writer.Flush();
        return _json.WrittenCount;
    }

    private void WriteAlias(string name)
    {
        if (!_anchors.TryGetValue(name, out var place))
        {
            throw new ContentException($"The yaml body refers to '*{Shown(name)}' where no such anchor is complete. Let the sender send data without circles.");
        }
        if (Written() + (long)place.Length > _maximumBytes)
        {
            throw TooLong();
        }
        _writer.WriteRawValue(_json.WrittenSpan.Slice(place.Start, place.Length), skipInputValidation: true);
    }

    private void WriteValue(ParsingEvent node, int depth)
    {
        switch (node)
        {
            case Scalar scalar:
                YamlScalar.Write(_writer, scalar);
                break;
            case SequenceStart sequence:
                Enter(sequence, "tag:yaml.org,2002:seq", depth);
                _writer.WriteStartArray();
                for (var item = Next(); item is not SequenceEnd; item = Next())
                {
                    WriteNode(item, depth + 1);
                }
                _writer.WriteEndArray();
                break;
            case MappingStart mapping:
                Enter(mapping, "tag:yaml.org,2002:map", depth);
                _writer.WriteStartObject();
                for (var key = Next(); key is not MappingEnd; key = Next())
                {
                    _writer.WritePropertyName(KeyOf(key));
                    WriteNode(Next(), depth + 1);
                }
                _writer.WriteEndObject();
                break;
            default:
                throw new ContentException("The yaml body is not YAML: a value is missing. Let the sender write it with a YAML library.");
        }
    }

    private void Enter(NodeEvent node, string tag, int depth)
    {
        if (depth >= _maximumDepth)
        {
            throw new ContentException($"The yaml body nests deeper than {_maximumDepth} levels. Let the sender send flatter data.");
        }
        if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific && node.Tag.Value != tag)
        {
            throw YamlScalar.Refused(node.Tag);
        }
    }

    private static string KeyOf(ParsingEvent key) => key switch
    {
        Scalar { Value: "<<", Style: ScalarStyle.Plain } => throw new ContentException("The yaml body merges maps with '<<', which is not read. Let the sender write the members out."),
        Scalar scalar => YamlScalar.KeyOf(scalar),
        _ => throw new ContentException("The yaml body has a key that is no text or number. Let the sender use text for keys."),
    };

    private ContentTooLargeException TooLong() =>
        new($"The yaml body stands for more than {_maximumBytes} bytes when written out. Send less, or raise MaximumBodyBytes.");

    internal static string Shown(string text)
    {
        var start = text.Length <= 100 ? text : string.Concat(text.AsSpan(0, 100), "…");
        return new string([.. start.Select(letter => char.IsControl(letter) ? '\ufffd' : letter)]);
    }
}
