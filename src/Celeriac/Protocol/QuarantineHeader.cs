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
}
