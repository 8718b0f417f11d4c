using System.Buffers;
using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Protocol;

/// <summary>
/// Reads one message, step by step; the first step that finds a fault ends it. What bounds the cost comes first, what costs most comes last.
/// </summary>
internal ref struct TaskMessageDecoder(Message message, DecodeLimits limits)
{
    private const int LongestShown = 100;
    private static readonly SearchValues<char> s_controls = SearchValues.Create([.. Enumerable.Range(0, 0xa0).Select(static code => (char)code).Where(char.IsControl)]);

    private ReceivedHeaders _headers;
    private string? _task;
    private string? _id;
    private ReadOnlyMemory<byte> _body;
    private BodyParts _parts;
    private (QuarantineReason Reason, string Text)? _fault;

    /// <summary>The request, or the fault with what of the message could be read.</summary>
    public DecodedTask Decode()
    {
        if (TakeHeaders() && CheckNames() && OpenBody() && TakeObjectBody() && RequireNames() && FindParts())
        {
            var values = new HeaderReader(_headers);
            var request = values.Read(message, _id!, _task!, _parts);
            if (values.Fault is null)
            {
                return DecodedTask.From(request);
            }
            Fail(QuarantineReason.MalformedHeaders, values.Fault);
        }
        var (reason, text) = _fault!.Value;
        return DecodedTask.From(new DecodeFault(reason, text, _id, _task, message.ReplyTo) { CorrelationId = message.CorrelationId });
    }

    private bool TakeHeaders()
    {
        try
        {
            return TakeWithinBounds(message.Headers);
        }
        catch (FormatException error)
        {
            // Headers from a store are decoded at the first look.
            return Fail(QuarantineReason.MalformedHeaders, error.Message);
        }
    }

    private bool TakeWithinBounds(MessageHeaders headers)
    {
        if (headers.Count > limits.MaxHeaders)
        {
            return Fail(QuarantineReason.MalformedHeaders, $"The message has {headers.Count} headers, but at most {limits.MaxHeaders} are read. Let the sender put the data into the arguments.");
        }
        // By index: an enumerator would be an allocation.
        for (var index = 0; index < headers.Count; index++)
        {
            _headers.Take(headers[index].Key, headers[index].Value);
        }
        // Whatever comes next, a caller that can be told should be told: so the names are read before anything is refused.
        _task = NameOf(_headers.Task);
        _id = NameOf(_headers.Id);
        return FitTogether(headers);
    }

    private bool FitTogether(MessageHeaders headers)
    {
        var total = 0L;
        for (var index = 0; index < headers.Count; index++)
        {
            var header = headers[index];
            var size = HeaderSize.Of(header.Value);
            total += size + header.Key.Length;
            var fault = size < 0 ? "nests too deep"
                : size > limits.MaxHeaderBytes ? $"is longer than {limits.MaxHeaderBytes} bytes"
                : total > limits.MaxAllHeaderBytes ? $"is beyond the {limits.MaxAllHeaderBytes} bytes that all headers may have"
                : null;
            if (fault is not null)
            {
                return Fail(QuarantineReason.MalformedHeaders, $"Header '{Shown(header.Key)}' {fault}. Let the sender put the data into the arguments.");
            }
        }
        return true;
    }

    /// <summary>What is there must be right; what is not may still stand in the body.</summary>
    private bool CheckNames() =>
        _task is null && !_headers.Task.IsNull ? FailName(TaskHeader.Task, _headers.Task)
            : _id is not null || _headers.Id.IsNull || FailName(TaskHeader.Id, _headers.Id);

    private bool RequireNames()
    {
        if (_headers.Task.IsNull)
        {
            return Fail(QuarantineReason.NotATask, "The message names no task: it has no header 'task' as in Celery's protocol 2, and its body is no object with 'task' as in protocol 1. Let the sender send to another queue.");
        }
        return !_headers.Id.IsNull || Fail(QuarantineReason.NotATask, $"The message for task '{_task ?? "?"}' has no 'id'. Let the sender give every task an id.");
    }

    /// <summary>Turns protocol 1 and the form between the protocols, whose body is an object, into protocol 2 (CELERY-PROTOCOL 3.3).</summary>
    private bool TakeObjectBody()
    {
        if (!ObjectBody.IsObject(_body.Span))
        {
            return true;
        }
        if (ObjectBody.Read(_body, limits.Contents.MaximumDepth, out var found) is { } fault)
        {
            return Fail(fault.Reason, fault.Text);
        }
        if (_headers.Task.IsNull && found!.Value(TaskHeader.Task).IsNull)
        {
            return RequireNames();
        }
        if (!_headers.Task.IsNull && !found!.HasArgs)
        {
            return Fail(QuarantineReason.MalformedBody, "The body is an object without 'args', but [args, kwargs, embed] was expected. Let the sender use Celery's message protocol 2.");
        }
        message = found!.ToProtocol2(message);
        _body = message.Body;
        _headers = default;
        return TakeWithinBounds(message.Headers) && CheckNames();
    }

    private bool OpenBody()
    {
        try
        {
            if (message.ContentType is null)
            {
                return Refuse("The message has no content type, but application/json was expected. Let the sender set it: a Python worker dies of a task message without one.");
            }
            var readable = _headers.Compression.Kind == HeaderKind.Bytes && HeaderReader.TextOf(_headers.Compression) is { } method
                ? message with { Headers = new MessageHeaders([new(TaskHeader.Compression, method)]) }
                : message;
            var opened = limits.Contents.Open(readable);
            _body = opened.Format.Translation?.ToJson(opened.Body, limits.Contents.MaximumDepth, limits.Contents.MaximumBodyBytes) ?? opened.Body;
            return true;
        }
        catch (ContentRefusedException error)
        {
            return Refuse(error.Message);
        }
        catch (ContentException error)
        {
            return Fail(error is ContentTooLargeException ? QuarantineReason.TooLarge : QuarantineReason.MalformedBody, error.Message);
        }
    }

    /// <summary>What names no task in its headers may be anything: that its body is not read is no more than a reason why nothing else was found.</summary>
    private bool Refuse(string text) => _headers.Task.IsNull
        ? Fail(QuarantineReason.NotATask, $"The message names no task: it has no header 'task' as in Celery's protocol 2, and its body was not searched for one of protocol 1. {text}")
        : Fail(QuarantineReason.ContentRefused, text);

    private bool FindParts()
    {
        _fault = BodyParts.Find(_body, limits.Contents.MaximumDepth, out _parts);
        return _fault is null;
    }

    /// <summary>A task's name or id; null where it is no text, empty, too long, or holds control characters, which must not reach frames and logs.</summary>
    private readonly string? NameOf(HeaderValue value) =>
        value.Kind is HeaderKind.Text or HeaderKind.Bytes
        && (value.Kind == HeaderKind.Text || value.AsBytes().Length <= limits.MaxNameLength * 4)
        && HeaderReader.TextOf(value) is { Length: > 0 } text
        && text.Length <= limits.MaxNameLength
        && !HasControls(text)
            ? text
            : null;

    private static bool HasControls(ReadOnlySpan<char> text) => text.ContainsAny(s_controls);

    private bool FailName(string header, HeaderValue value) => Fail(QuarantineReason.MalformedHeaders,
        $"Header '{header}' is '{Shown(value.ToString())}', but text of 1 to {limits.MaxNameLength} characters without control characters was expected. Let the sender correct it.");

    private bool Fail(QuarantineReason reason, string text)
    {
        _fault = (reason, text);
        return false;
    }

    /// <summary>Foreign text for an error: short and on one line.</summary>
    internal static string Shown(string text)
    {
        var start = text.Length <= LongestShown ? text : string.Concat(text.AsSpan(0, LongestShown), "…");
        return start.Any(char.IsControl) ? string.Concat(start.Select(letter => char.IsControl(letter) ? '\ufffd' : letter)) : start;
    }
}
