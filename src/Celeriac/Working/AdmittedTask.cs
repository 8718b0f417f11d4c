using Celeriac.Messaging;

namespace Celeriac.Working;

/// <summary>A task that was received and may run.</summary>
internal sealed record AdmittedTask(Delivery Delivery, TaskRequest Request, TaskDefinition Definition)
{
    /// <summary>True where the message is acknowledged after the outcome.</summary>
    public required bool AcksLate { get; init; }
}
