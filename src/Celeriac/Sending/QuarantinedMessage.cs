using System.Security.Cryptography;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac;

/// <summary>A message that a worker has put aside because it cannot run, and why.</summary>
public sealed record QuarantinedMessage
{
    /// <summary>What <see cref="Quarantine"/> finds it by: the task's id; where the message names none, a fingerprint of it.</summary>
    public required string Id { get; init; }

    /// <summary>The task's id, or null where the message names none.</summary>
    public string? TaskId { get; init; }

    /// <summary>The task's name, or null where the message names none.</summary>
    public string? TaskName { get; init; }

    /// <summary>Why, in a word: the name of a <see cref="QuarantineReason"/>, or one of a newer version's.</summary>
    public required string Reason { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Text { get; init; }

    /// <summary>The queue it came from, and goes back to.</summary>
    public required string Queue { get; init; }

    /// <summary>When it was put aside; null where that is not written.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>How often it was put aside, this time included.</summary>
    public int Count { get; init; } = 1;

    /// <summary>When it was put aside for the first time; null where that is not written.</summary>
    public DateTimeOffset? FirstTime { get; init; }

    /// <summary>After which moment a worker would not run it any more; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>The node that put it aside.</summary>
    public string? Node { get; init; }

    /// <summary>The whole message as it came, without what the quarantine has added.</summary>
    public required Message Message { get; init; }

    internal static QuarantinedMessage Of(Delivery delivery, string queue)
    {
        var headers = delivery.Message.Headers;
        var time = TimeOf(headers, QuarantineHeader.Time);
        var taskId = TextOf(headers, TaskHeader.Id) ?? delivery.Message.CorrelationId;
        return new QuarantinedMessage
        {
            Id = string.IsNullOrEmpty(taskId) ? Fingerprint(delivery.Message) : taskId,
            TaskId = string.IsNullOrEmpty(taskId) ? null : taskId,
            TaskName = TextOf(headers, TaskHeader.Task),
            Reason = TextOf(headers, QuarantineHeader.Reason) ?? "Unknown",
            Text = TextOf(headers, QuarantineHeader.Text) ?? "",
            Queue = TextOf(headers, QuarantineHeader.Queue) ?? queue,
            Time = time,
            Count = headers[QuarantineHeader.Count] is { Kind: HeaderKind.Long } count ? (int)Math.Clamp(count.AsLong(), 1, int.MaxValue) : 1,
            FirstTime = TimeOf(headers, QuarantineHeader.FirstTime) ?? time,
            Expires = TimeOf(headers, TaskHeader.Expires),
            Node = TextOf(headers, QuarantineHeader.Node),
            Message = delivery.Message with
            {
                Headers = new MessageHeaders(headers.Where(header => !header.Key.StartsWith(QuarantineHeader.Prefix, StringComparison.Ordinal))),
                Priority = headers[QuarantineHeader.Priority] is { Kind: HeaderKind.Long } priority ? (byte)Math.Clamp(priority.AsLong(), 0, 255) : delivery.Message.Priority,
            },
        };
    }

    /// <summary>The message as it is sent again: its past is forgotten, but for how often it was put aside.</summary>
    internal Message Again(QuarantineRetry retry)
    {
        var headers = Message.Headers.Where(header => !TaskHeader.TellsThePast(header.Key)).Select(header => header.Key switch
        {
            TaskHeader.Retries when !retry.KeepRetries && header.Value is { Kind: HeaderKind.Long } => new(TaskHeader.Retries, 0),
            TaskHeader.Expires when retry.IgnoreExpires => new(TaskHeader.Expires, HeaderValue.Null),
            _ => header,
        });
        var count = new KeyValuePair<string, HeaderValue>(QuarantineHeader.Count, Count);
        return Message with { Headers = new MessageHeaders(FirstTime is { } first ? [.. headers, count, new(QuarantineHeader.FirstTime, CeleryTime.Write(first))] : [.. headers, count]) };
    }

    private static DateTimeOffset? TimeOf(MessageHeaders headers, string name) => CeleryTime.TryParse(TextOf(headers, name), out var time) ? time : null;

    private static string? TextOf(MessageHeaders headers, string name) => headers.TextOf(name) is { Length: > 0 } text ? text : null;

    // Body and time of arrival: the same message put aside twice is two entries.
    private static string Fingerprint(Message message)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(message.Body.Span);
        hash.AppendData(HeaderCodec.Encode(message.Headers));
        return $"message-{Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8))}";
    }
}
