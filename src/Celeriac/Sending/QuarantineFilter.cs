using System.IO.Enumeration;

namespace Celeriac;

/// <summary>Which messages of a <see cref="Quarantine"/>: those that fit everything that is given here. What a message does not tell, it does not fit.</summary>
public sealed record QuarantineFilter
{
    /// <summary>Every message.</summary>
    public static QuarantineFilter Everything { get; } = new();

    /// <summary>Only these of <see cref="QuarantinedMessage.Id"/>. Default null: any.</summary>
    public IReadOnlyCollection<string>? Ids { get; init; }

    /// <summary>The task's name, or a pattern with <c>*</c> and <c>?</c>, for example <c>mail.*</c>. Default null: any, and messages that name none.</summary>
    public string? Task { get; init; }

    /// <summary>The name of a <see cref="QuarantineReason"/>, in any case. Default null: any.</summary>
    public string? Reason { get; init; }

    /// <summary>What <see cref="QuarantinedMessage.Text"/> contains, in any case. Default null: anything.</summary>
    public string? Contains { get; init; }

    /// <summary>The node that put it aside, or a pattern with <c>*</c> and <c>?</c>. Default null: any.</summary>
    public string? Node { get; init; }

    /// <summary>Put aside at this moment or later. Default null: at any time.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Put aside before this moment. Default null: at any time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Whether the message fits.</summary>
    public bool Matches(QuarantinedMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Ids?.Contains(message.Id) != false
            && IsLike(Task, message.TaskName)
            && (Reason is null || Reason.Equals(message.Reason, StringComparison.OrdinalIgnoreCase))
            && (Contains is null || message.Text.Contains(Contains, StringComparison.OrdinalIgnoreCase))
            && IsLike(Node, message.Node)
            && (Since is null || message.Time >= Since)
            && (Until is null || message.Time < Until);
    }

    private static bool IsLike(string? pattern, string? name) =>
        pattern is null || (name is not null && FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));
}
