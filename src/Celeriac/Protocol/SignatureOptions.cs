using System.Text.Json;
using Celeriac.Messaging;

namespace Celeriac.Protocol;

/// <summary>The options of a signature on the wire. Those that are unknown here, or hold what was not expected, are kept as they are.</summary>
internal static class SignatureOptions
{
    private const string Links = "link";
    private const string LinkErrors = "link_error";
    private const string StampedHeaders = "stamped_headers";
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = SignatureReader.MaximumDepth };

    // In the order in which Python comes to have them: what the user said, then what sending adds.
    private static readonly SignatureOption[] s_known =
    [
        SignatureOption.Text("queue", options => options.Queue, (options, value) => options with { Queue = value }),
        SignatureOption.Text("exchange", options => options.Exchange, (options, value) => options with { Exchange = value }),
        SignatureOption.Text("routing_key", options => options.RoutingKey, (options, value) => options with { RoutingKey = value }),
        SignatureOption.Whole("priority", options => options.Priority, (options, value) => value is >= 0 and <= 255 ? options with { Priority = (byte)value } : null),
        SignatureOption.Seconds("countdown", options => options.Countdown, (options, value) => options with { Countdown = value }),
        SignatureOption.Time("eta", options => options.Eta, (options, value) => options with { Eta = value }),
        SignatureOption.Expires,
        SignatureOption.Seconds("time_limit", options => options.TimeLimit, (options, value) => options with { TimeLimit = value }),
        SignatureOption.Seconds("soft_time_limit", options => options.SoftTimeLimit, (options, value) => options with { SoftTimeLimit = value }),
        SignatureOption.Flag("ignore_result", options => options.IgnoreResult, (options, value) => options with { IgnoreResult = value }),
        SignatureOption.Text("shadow", options => options.Shadow, (options, value) => options with { Shadow = value }),
        SignatureOption.Text("serializer", options => options.Serializer, (options, value) => options with { Serializer = value }),
        SignatureOption.Text("compression", options => options.Compression, (options, value) => options with { Compression = value }),
        SignatureOption.Text("argsrepr", options => options.ArgsRepr, (options, value) => options with { ArgsRepr = value }),
        SignatureOption.Text("kwargsrepr", options => options.KwargsRepr, (options, value) => options with { KwargsRepr = value }),
        SignatureOption.Headers,
        SignatureOption.Text("task_id", options => options.TaskId, (options, value) => options with { TaskId = value }),
        SignatureOption.Text("reply_to", options => options.ReplyTo, (options, value) => options with { ReplyTo = value }),
        SignatureOption.Text("group_id", options => options.GroupId, (options, value) => options with { GroupId = value }),
        SignatureOption.Whole("group_index", options => options.GroupIndex, (options, value) => value is >= 0 and <= int.MaxValue ? options with { GroupIndex = (int)value } : null),
        SignatureOption.Text("root_id", options => options.RootId, (options, value) => options with { RootId = value }),
        SignatureOption.Text("parent_id", options => options.ParentId, (options, value) => options with { ParentId = value }),
    ];

    private static readonly Dictionary<string, SignatureOption> s_byName = s_known.ToDictionary(option => option.Name, StringComparer.Ordinal);

    /// <summary>What an option says that is none of ours, for example <c>chord</c>; empty where it is absent or null.</summary>
    public static ReadOnlyMemory<byte> Unknown(SendOptions options, string name) =>
        options.Wire.Count == 0 ? default : Find(options, name) is { IsEmpty: false } value && value.Span[0] != 'n' ? value : default;

    private static ReadOnlyMemory<byte> Find(SendOptions options, string name) => options.Wire.FirstOrDefault(option => option.Key == name).Value;

    public static Signature Read(Signature signature, ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty)
        {
            return signature;
        }
        var members = SignatureReader.Members(json);
        if (members.Count == 0)
        {
            return signature;
        }
        var options = ReadStamps(signature.Options, members);
        var wire = new List<KeyValuePair<string, ReadOnlyMemory<byte>>>(members.Count);
        foreach (var (name, value) in members)
        {
            var isKnown = true;
            if (name is Links or LinkErrors)
            {
                signature = ReadLinks(signature, name, value);
            }
            else if (name != StampedHeaders && options.Stamps?.Contains(name) is not true)
            {
                var changed = s_byName.TryGetValue(name, out var option) ? ReadOne(option, options, value) : null;
                isKnown = changed is not null;
                options = changed ?? options;
            }
            wire.Add(new(name, isKnown ? default : value));
        }
        return signature with { Options = options with { Wire = wire } };
    }

    public static void Write(Utf8JsonWriter writer, Signature signature)
    {
        var options = signature.Options;
        writer.WriteStartObject();
        foreach (var (name, value) in options.Wire)
        {
            WriteWire(writer, signature, name, value);
        }
        foreach (var stamp in (options.Stamps ?? MessageHeaders.Empty).Where(stamp => IsNew(stamp.Key)))
        {
            writer.WritePropertyName(stamp.Key);
            SignatureOption.Write(writer, stamp.Value);
        }
        if (options.Stamps is not null && IsNew(StampedHeaders))
        {
            WriteStampNames(writer, options.Stamps);
        }
        var isFromUser = true;
        foreach (var option in s_known)
        {
            if (isFromUser && option.Name == "task_id")
            {
                WriteLinks(writer, Links, signature.Links, IsNew(Links));
                WriteLinks(writer, LinkErrors, signature.LinkErrors, IsNew(LinkErrors));
                isFromUser = false;
            }
            if (option.IsSet(options) && IsNew(option.Name))
            {
                writer.WritePropertyName(option.Name);
                option.WriteValue(writer, options);
            }
        }
        writer.WriteEndObject();

        bool IsNew(string name) => !options.Wire.Any(known => known.Key == name);
    }

    private static void WriteWire(Utf8JsonWriter writer, Signature signature, string name, ReadOnlyMemory<byte> value)
    {
        var options = signature.Options;
        if (name is Links or LinkErrors)
        {
            WriteLinks(writer, name, name == Links ? signature.Links : signature.LinkErrors, isWanted: true);
            return;
        }
        if (name == StampedHeaders)
        {
            WriteStampNames(writer, options.Stamps);
            return;
        }
        writer.WritePropertyName(name);
        if (options.Stamps is { } stamps && stamps.Contains(name))
        {
            SignatureOption.Write(writer, stamps[name]);
        }
        else if (s_byName.TryGetValue(name, out var option) && (value.IsEmpty || option.IsSet(options)))
        {
            option.WriteValue(writer, options);
        }
        else if (value.IsEmpty)
        {
            writer.WriteNullValue();
        }
        else
        {
            writer.WriteRawValue(value.Span, skipInputValidation: true);
        }
    }

    private static void WriteStampNames(Utf8JsonWriter writer, MessageHeaders? stamps)
    {
        writer.WritePropertyName(StampedHeaders);
        if (stamps is null)
        {
            writer.WriteNullValue();
            return;
        }
        writer.WriteStartArray();
        foreach (var stamp in stamps)
        {
            writer.WriteStringValue(stamp.Key);
        }
        writer.WriteEndArray();
    }

    private static void WriteLinks(Utf8JsonWriter writer, string name, IReadOnlyList<Signature> links, bool isWanted)
    {
        if (isWanted && links.Count > 0)
        {
            writer.WritePropertyName(name);
            SignatureJson.WriteArray(writer, links);
        }
    }

    private static Signature ReadLinks(Signature signature, string name, ReadOnlyMemory<byte> value)
    {
        // Python takes one signature for a list of one.
        IReadOnlyList<Signature> links = value.Span[0] == '{' ? [SignatureReader.Read(value)] : SignatureReader.ReadArray(value);
        return name == Links ? signature with { Links = links } : signature with { LinkErrors = links };
    }

    private static SendOptions ReadStamps(SendOptions options, List<KeyValuePair<string, ReadOnlyMemory<byte>>> members)
    {
        var listed = members.Find(member => member.Key == StampedHeaders).Value;
        if (listed.Span is not [(byte)'[', ..])
        {
            return options;
        }
        using var names = JsonDocument.Parse(listed, s_options);
        var stamps = names.RootElement.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!)
            .Distinct(StringComparer.Ordinal)
            .Select(name => (Name: name, Json: members.Find(member => member.Key == name).Value))
            .Where(stamp => !stamp.Json.IsEmpty)
            .Select(stamp => KeyValuePair.Create(stamp.Name, ValueOf(stamp.Json)));
        return options with { Stamps = new MessageHeaders(stamps) };
    }

    private static HeaderValue ValueOf(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json, s_options);
        return SignatureOption.ToHeader(document.RootElement);
    }

    private static SendOptions? ReadOne(SignatureOption option, SendOptions options, ReadOnlyMemory<byte> json)
    {
        if (json.Span[0] == 'n')
        {
            return options;
        }
        using var document = JsonDocument.Parse(json, s_options);
        return option.Read(options, document.RootElement);
    }
}
