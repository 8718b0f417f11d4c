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

    /// <summary>The node that put it aside.</summary>
    public string? Node { get; init; }

    /// <summary>The whole message as it came, without what the quarantine has added.</summary>
    public required Message Message { get; init; }

    internal static QuarantinedMessage Of(Delivery delivery, string queue)
    {
        var headers = delivery.Message.Headers;
        var taskId = TextOf(headers, TaskHeader.Id) ?? delivery.Message.CorrelationId;
        return new QuarantinedMessage
        {
            Id = string.IsNullOrEmpty(taskId) ? Fingerprint(delivery.Message) : taskId,
            TaskId = string.IsNullOrEmpty(taskId) ? null : taskId,
            TaskName = TextOf(headers, TaskHeader.Task),
            Reason = TextOf(headers, QuarantineHeader.Reason) ?? "Unknown",
            Text = TextOf(headers, QuarantineHeader.Text) ?? "",
            Queue = TextOf(headers, QuarantineHeader.Queue) ?? queue,
            Time = CeleryTime.TryParse(TextOf(headers, QuarantineHeader.Time), out var time) ? time : null,
            Node = TextOf(headers, QuarantineHeader.Node),
            Message = delivery.Message with
            {
                Headers = new MessageHeaders(headers.Where(header => !header.Key.StartsWith(QuarantineHeader.Prefix, StringComparison.Ordinal))),
            },
        };
    }

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
