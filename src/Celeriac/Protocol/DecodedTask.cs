namespace Celeriac.Protocol;

/// <summary>What a received message turned out to be: a request, or a fault.</summary>
internal readonly struct DecodedTask
{
    private DecodedTask(TaskRequest? request, DecodeFault? fault)
    {
        Request = request;
        Fault = fault;
    }

    /// <summary>The invocation; null where the message is at fault.</summary>
    public TaskRequest? Request { get; }

    /// <summary>Why the message cannot run; null where it can.</summary>
    public DecodeFault? Fault { get; }

    public static DecodedTask From(TaskRequest request) => new(request, null);

    public static DecodedTask From(DecodeFault fault) => new(null, fault);
}

/// <summary>Why a message cannot run, and what of it could be read, so that its caller need not wait for ever.</summary>
/// <param name="Reason">The kind of fault.</param>
/// <param name="Text">The fault as a sentence for a human.</param>
/// <param name="TaskId">The task's id where it could be read.</param>
/// <param name="TaskName">The task's name where it could be read.</param>
/// <param name="ReplyTo">Where the caller waits for an rpc result.</param>
internal sealed record DecodeFault(QuarantineReason Reason, string Text, string? TaskId, string? TaskName, string? ReplyTo)
{
    /// <summary>The correlation id that an rpc result would carry.</summary>
    public string? CorrelationId { get; init; }
}
