using System.Text;
using System.Text.Unicode;
using Celeriac.Messaging;

namespace Celeriac.Protocol;

/// <summary>
/// Reads Celery's headers with their types. Null is the same as absent everywhere; texts may come as bytes, as some clients give AMQP's text.
/// The first that is malformed is the fault; what only humans read is never one.
/// </summary>
internal ref struct HeaderReader(in ReceivedHeaders headers)
{
    private readonly ReceivedHeaders _headers = headers;

    /// <summary>What is wrong, as a sentence; null where nothing is.</summary>
    public string? Fault { get; private set; }

    /// <summary>The request, of use only where there is no <see cref="Fault"/>.</summary>
    public TaskRequest Read(Message message, string id, string task, in BodyParts parts)
    {
        ReadLimits(out var hard, out var soft);
        return new TaskRequest
        {
            Id = id,
            Task = task,
            Body = parts.Body,
            Args = parts.Args,
            Kwargs = parts.Kwargs,
            Embed = parts.Embed.Whole,
            Callbacks = parts.Embed.Callbacks,
            Errbacks = parts.Embed.Errbacks,
            Chain = parts.Embed.Chain,
            Chord = parts.Embed.Chord,
            Message = message,
            ReplyTo = message.ReplyTo,
            CorrelationId = message.CorrelationId,
            Retries = ReadRetries(),
            Eta = ReadTime(TaskHeader.Eta, _headers.Eta),
            Expires = ReadTime(TaskHeader.Expires, _headers.Expires),
            TimeLimit = hard,
            SoftTimeLimit = soft,
            RootId = ReadText(TaskHeader.RootId, _headers.RootId),
            ParentId = ReadText(TaskHeader.ParentId, _headers.ParentId),
            GroupId = ReadText(TaskHeader.Group, _headers.Group),
            GroupIndex = ReadIndex(),
            IgnoreResult = ReadFlag(),
            Origin = TextOf(_headers.Origin),
            Shadow = TextOf(_headers.Shadow),
            ArgsRepr = TextOf(_headers.ArgsRepr),
            KwargsRepr = TextOf(_headers.KwargsRepr),
        };
    }

    /// <summary>The text of a value; null for other kinds and for bytes that are not UTF-8.</summary>
    public static string? TextOf(HeaderValue value) => value.Kind switch
    {
        HeaderKind.Text => value.AsText(),
        HeaderKind.Bytes when Utf8.IsValid(value.AsBytes()) => Encoding.UTF8.GetString(value.AsBytes()),
        _ => null,
    };

    private string? ReadText(string name, HeaderValue value)
    {
        var text = TextOf(value);
        if (text is null && !value.IsNull)
        {
            Fail(name, value, "text or null");
        }
        return text;
    }

    private DateTimeOffset? ReadTime(string name, HeaderValue value)
    {
        if (value.IsNull)
        {
            return null;
        }
        if (CeleryTime.TryParse(TextOf(value), out var time))
        {
            return time;
        }
        Fail(name, value, "an ISO 8601 time or null");
        return null;
    }

    private int ReadRetries()
    {
        if (_headers.Retries.IsNull)
        {
            return 0;
        }
        if (_headers.Retries.Kind != HeaderKind.Long || _headers.Retries.AsLong() < 0)
        {
            Fail(TaskHeader.Retries, _headers.Retries, "a whole number from 0 up, or null");
            return 0;
        }
        // Python has no upper limit. One less than the largest, so that the next retry still counts up.
        return (int)Math.Min(_headers.Retries.AsLong(), int.MaxValue - 1);
    }

    private int? ReadIndex()
    {
        var value = _headers.GroupIndex;
        if (value.IsNull)
        {
            return null;
        }
        if (value.Kind == HeaderKind.Long && value.AsLong() is >= 0 and <= int.MaxValue)
        {
            return (int)value.AsLong();
        }
        Fail(TaskHeader.GroupIndex, value, "a whole number from 0 up, or null");
        return null;
    }

    private bool? ReadFlag()
    {
        var value = _headers.IgnoreResult;
        switch (value.Kind)
        {
            case HeaderKind.Null:
                return null;
            case HeaderKind.Bool:
                return value.AsBool();
            case HeaderKind.Long:
                return value.AsLong() != 0;
            default:
                Fail(TaskHeader.IgnoreResult, value, "true, false or null");
                return null;
        }
    }

    private void ReadLimits(out TimeSpan? hard, out TimeSpan? soft)
    {
        hard = soft = null;
        var value = _headers.TimeLimit;
        if (value.IsNull)
        {
            return;
        }
        if (value.Kind != HeaderKind.List || value.AsList() is not { Count: 2 } pair || !TryReadSeconds(pair[0], out hard) || !TryReadSeconds(pair[1], out soft))
        {
            Fail(TaskHeader.TimeLimit, value, "null or two elements [hard, soft], each a number of seconds or null");
        }
    }

    private static bool TryReadSeconds(HeaderValue value, out TimeSpan? limit)
    {
        limit = null;
        var seconds = value.Kind switch
        {
            HeaderKind.Null => 0,
            HeaderKind.Long => value.AsLong(),
            HeaderKind.Double => value.AsDouble(),
            _ => double.NaN,
        };
        // Zero is no limit, as in Python.
        if (seconds > 0)
        {
            limit = seconds >= TimeSpan.MaxValue.TotalSeconds ? TimeSpan.MaxValue : TimeSpan.FromSeconds(seconds);
        }
        return seconds >= 0;
    }

    private void Fail(string name, HeaderValue value, string expected) =>
        Fault ??= $"Header '{name}' is '{TaskMessageDecoder.Shown(value.ToString())}', but {expected} was expected. Let the sender correct it.";
}
