namespace Celeriac.Working;

/// <summary>How a run ended, to be counted and told once it is applied.</summary>
/// <param name="Task">The task.</param>
/// <param name="Outcome">How.</param>
/// <param name="Runtime">How long it ran.</param>
internal sealed record TaskEnd(AdmittedTask Task, Outcome Outcome, TimeSpan Runtime)
{
    /// <summary>True where it was told before.</summary>
    public bool IsTold { get; init; }
}
