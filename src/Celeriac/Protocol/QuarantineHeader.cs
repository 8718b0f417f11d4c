namespace Celeriac.Protocol;

/// <summary>The names of the headers that a message gets when it is put aside.</summary>
internal static class QuarantineHeader
{
    public const string Prefix = "x-celeriac-quarantine-";

    /// <summary>The name of a <see cref="QuarantineReason"/>.</summary>
    public const string Reason = Prefix + "reason";
    /// <summary>The reason as a sentence.</summary>
    public const string Text = Prefix + "text";
    /// <summary>The queue the message came from.</summary>
    public const string Queue = Prefix + "queue";
    /// <summary>When, as Celery writes times.</summary>
    public const string Time = Prefix + "time";
    /// <summary>The node that put it aside.</summary>
    public const string Node = Prefix + "node";
    /// <summary>How often the message was put aside, this time included. Stays on a message that is sent again.</summary>
    public const string Count = Prefix + "count";
    /// <summary>When it was put aside first. Stays too.</summary>
    public const string FirstTime = Prefix + "first-time";
    /// <summary>The priority it had: a quarantine is served in the order of arrival.</summary>
    public const string Priority = Prefix + "priority";

    /// <summary>True for what is noted while the message lies aside, and taken off when it is sent again.</summary>
    public static bool EndsWithRetry(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) && name is not (Count or FirstTime);
}
