using System.Buffers.Text;
using System.Text.Json;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Messaging.Compression;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Protocol;

/// <summary>
/// Task messages of Celery's protocol 2: signature to message, message to request, request to the message of its retry.
/// Pure functions; the layout is CELERY-PROTOCOL section 3.
/// </summary>
internal static class TaskMessageCodec
{
    public const string ContentType = "application/json";
    public const string ContentEncoding = "utf-8";

    private static readonly HeaderValue s_noLimits = HeaderValue.From([HeaderValue.Null, HeaderValue.Null]);
    private static readonly HeaderValue s_noStamps = HeaderValue.From(MessageHeaders.Empty);

    private static ReadOnlySpan<byte> EmptyEmbed => ",{\"callbacks\":null,\"errbacks\":null,\"chain\":null,\"chord\":null}]"u8;

    /// <summary>The message of a call.</summary>
    /// <exception cref="ArgumentException">The arguments are no JSON array or object, a header of the user's has one of Celery's names, the soft limit is over the hard one, or the serializer or compression is unknown.</exception>
    public static Message Encode(Signature signature, EncodeContext context, TaskContents? contents = null)
    {
        contents ??= TaskContents.Json;
        var options = signature.Options;
        var format = contents.Find(options.Serializer ?? signature.Declared?.Serializer);
        var json = EncodeBody(signature);
        var compressor = options.Compression is { } method ? contents.Accepted.FindCompressor(method) : null;
        // The headers come first: what is not JSON is found there.
        var headers = EncodeHeaders(signature, context, compressor);
        var body = format.Translation?.FromJson(json) ?? json;
        return new Message
        {
            Body = compressor?.Compress(body) ?? body,
            ContentType = format.MediaType,
            ContentEncoding = format.Encoding,
            CorrelationId = context.TaskId,
            ReplyTo = context.ReplyTo,
            Priority = context.Priority ?? options.Priority ?? signature.Declared?.Priority ?? 0,
            Headers = headers,
        };
    }

    /// <summary>What a received message asks for, or what is wrong with it. Never throws, whatever the message.</summary>
    public static DecodedTask Decode(Message message, DecodeLimits limits) => new TaskMessageDecoder(message, limits).Decode();

    /// <summary>
    /// The message of another run: same id, headers and body as received, but for the count, the time, and what brokers and the quarantine noted on it.
    /// </summary>
    /// <remarks>
    /// The parent stays as received; a Python worker writes the task's own id there, which loses the parent.
    /// The first origin stays too, as in Celery 5.6. The property <c>expiration</c> goes: the header decides.
    /// </remarks>
    public static Message EncodeRetry(TaskRequest request, int retries, DateTimeOffset? eta, string origin)
    {
        var received = request.Message.Headers;
        var headers = new List<KeyValuePair<string, HeaderValue>>(received.Count + 3);
        foreach (var header in received)
        {
            if (header.Key is not (TaskHeader.Retries or TaskHeader.Eta or TaskHeader.Origin) && !TaskHeader.TellsThePast(header.Key))
            {
                headers.Add(header);
            }
        }
        headers.Add(new(TaskHeader.Retries, retries));
        headers.Add(new(TaskHeader.Eta, WriteTime(eta)));
        headers.Add(new(TaskHeader.Origin, request.Origin ?? origin));
        return request.Message with { Headers = new MessageHeaders(headers), Expiration = null, Persistent = true };
    }

    private static byte[] EncodeBody(Signature signature)
    {
        var args = signature.Args.Span;
        var kwargs = signature.Kwargs.Span;
        Require(args is [(byte)'[', .., (byte)']'], signature, "args", "a JSON array");
        Require(kwargs is [(byte)'{', .., (byte)'}'], signature, "kwargs", "a JSON object");
        var embed = signature.Links.Count + signature.LinkErrors.Count + signature.ChainBytes.Length + signature.ChordBytes.Length == 0 ? EmptyEmbed : EmbedWriter.Write(signature);
        var body = new byte[args.Length + kwargs.Length + embed.Length + 2];
        body[0] = (byte)'[';
        args.CopyTo(body.AsSpan(1));
        body[args.Length + 1] = (byte)',';
        kwargs.CopyTo(body.AsSpan(args.Length + 2));
        embed.CopyTo(body.AsSpan(args.Length + kwargs.Length + 2));
        return body;
    }

    private static void Require(bool isFine, Signature signature, string part, string expected)
    {
        if (!isFine)
        {
            throw new ArgumentException($"The signature of task '{signature.Task}' has {part} that are not {expected} without blanks around it. Build them with WithArgs or TaskJson.Encode.", nameof(signature));
        }
    }

    private static MessageHeaders EncodeHeaders(Signature signature, in EncodeContext context, Compressor? compressor)
    {
        var celerys = CelerysHeaders(signature, signature.Options, context);
        if (compressor is null && context is { Unique: null, Trace: null } && signature.Options.Headers is null)
        {
            // Celery's own names are known to be different ones.
            return MessageHeaders.FromChecked(celerys);
        }
        var headers = new List<KeyValuePair<string, HeaderValue>>(celerys.Length + 4 + (signature.Options.Headers?.Count ?? 0));
        headers.AddRange(celerys);
        if (compressor is not null)
        {
            headers.Add(new(TaskHeader.Compression, compressor.Name));
        }
        if (context.Unique is { } unique)
        {
            headers.Add(new(TaskHeader.Unique, unique));
        }
        AddOwn(headers, signature.Options.Headers);
        TraceHeaders.Add(headers, context.Trace);
        return new MessageHeaders(headers);
    }

    private static KeyValuePair<string, HeaderValue>[] CelerysHeaders(Signature signature, SendOptions options, in EncodeContext context) =>
        [
            new(TaskHeader.Lang, "cs"),
            new(TaskHeader.Task, signature.Task),
            new(TaskHeader.Id, context.TaskId),
            new(TaskHeader.Shadow, options.Shadow),
            new(TaskHeader.Eta, WriteTime(context.Eta)),
            new(TaskHeader.Expires, WriteTime(context.Expires)),
            new(TaskHeader.Group, options.GroupId),
            new(TaskHeader.GroupIndex, options.GroupIndex is { } index ? index : HeaderValue.Null),
            new(TaskHeader.Retries, 0),
            new(TaskHeader.TimeLimit, WriteLimits(options)),
            new(TaskHeader.RootId, context.RootId),
            new(TaskHeader.ParentId, context.ParentId),
            new(TaskHeader.ArgsRepr, options.ArgsRepr ?? Repr(signature, isArgs: true)),
            new(TaskHeader.KwargsRepr, options.KwargsRepr ?? Repr(signature, isArgs: false)),
            new(TaskHeader.Origin, context.Origin),
            // Nothing said: null leaves it to the task, which false would overrule.
            new(TaskHeader.IgnoreResult, (options.IgnoreResult ?? signature.Declared?.IgnoreResult) is { } ignore ? ignore : HeaderValue.Null),
            new(TaskHeader.ReplacedTaskNesting, NestingOf(options)),
            new(TaskHeader.StampedHeaders, options.Stamps is { } stamps ? HeaderValue.From([.. stamps.Select(stamp => HeaderValue.From(stamp.Key))]) : HeaderValue.Null),
            new(TaskHeader.Stamps, options.Stamps is null ? s_noStamps : HeaderValue.From(options.Stamps)),
        ];

    private static long NestingOf(SendOptions options) =>
        Utf8Parser.TryParse(SignatureOptions.Unknown(options, TaskHeader.ReplacedTaskNesting).Span, out long nesting, out _) ? nesting : 0;

    private static void AddOwn(List<KeyValuePair<string, HeaderValue>> headers, MessageHeaders? own)
    {
        foreach (var header in own ?? MessageHeaders.Empty)
        {
            if (TaskHeader.IsReserved(header.Key))
            {
                throw new ArgumentException($"Header '{header.Key}' is one of Celery's own and cannot be given in Headers. Use the option of that meaning, or another name.");
            }
            headers.Add(header);
        }
    }

    private static string Repr(Signature signature, bool isArgs)
    {
        try
        {
            return isArgs ? PythonRepr.OfArgs(signature.Args.Span) : PythonRepr.OfKwargs(signature.Kwargs.Span);
        }
        catch (JsonException error)
        {
            throw new ArgumentException($"The signature of task '{signature.Task}' has {(isArgs ? "args" : "kwargs")} that are not JSON: {error.Message} Build them with WithArgs or TaskJson.Encode.", error);
        }
    }

    private static HeaderValue WriteTime(DateTimeOffset? time) => time is { } known ? CeleryTime.Write(known) : HeaderValue.Null;

    private static HeaderValue WriteLimits(SendOptions options)
    {
        if (options.TimeLimit is null && options.SoftTimeLimit is null)
        {
            return s_noLimits;
        }
        if (options.SoftTimeLimit > options.TimeLimit)
        {
            throw new ArgumentException($"The soft time limit '{options.SoftTimeLimit}' is over the hard one '{options.TimeLimit}'. Give a soft limit that comes first.");
        }
        return HeaderValue.From([WriteSeconds(options.TimeLimit), WriteSeconds(options.SoftTimeLimit)]);
    }

    private static HeaderValue WriteSeconds(TimeSpan? limit) => limit switch
    {
        null => HeaderValue.Null,
        { } time when time.Ticks % TimeSpan.TicksPerSecond == 0 => time.Ticks / TimeSpan.TicksPerSecond,
        { } time => time.TotalSeconds,
    };
}
