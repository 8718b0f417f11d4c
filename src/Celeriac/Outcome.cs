namespace Celeriac;

/// <summary>Why a message was put aside. The names are written into the quarantined message.</summary>
public enum QuarantineReason
{
    /// <summary>The message is no task message: it names no task or id.</summary>
    NotATask,
    /// <summary>The content type is not accepted (pickle never is).</summary>
    ContentRefused,
    /// <summary>A header has a wrong type or value, or there are too many or too large ones.</summary>
    MalformedHeaders,
    /// <summary>The body cannot be decoded.</summary>
    MalformedBody,
    /// <summary>The body is larger than allowed, before or after decompression.</summary>
    TooLarge,
    /// <summary>The body nests deeper than allowed.</summary>
    TooDeep,
    /// <summary>This worker has no such task.</summary>
    UnknownTask,
    /// <summary>The arguments do not fit the task's parameters.</summary>
    WrongArguments,
    /// <summary>The task asked for more retries than allowed.</summary>
    RetriesExhausted,
    /// <summary>The task refused the message.</summary>
    Rejected,
    /// <summary>The task has run, but the broker or store refuses what should follow from it.</summary>
    OutcomeRefused,
    /// <summary>The message has killed or frozen too many worker processes.</summary>
    KilledWorkers,
}

/// <summary>A failed run as data: what goes into the result record, and never a type to look up.</summary>
/// <param name="Type">The exception's type name.</param>
/// <param name="Module">Its Python module or .NET namespace.</param>
/// <param name="Arguments">Its constructor arguments; for a .NET exception its message.</param>
/// <param name="Traceback">Where it happened, as text.</param>
public sealed record TaskFailure(string Type, string? Module, IReadOnlyList<string> Arguments, string? Traceback)
{
    /// <summary>The arguments as a JSON array, where one of them is no text; empty where all are texts.</summary>
    public ReadOnlyMemory<byte> ArgumentsJson { get; init; }
}

/// <summary>How a run ended: a closed set. It is taken apart by <see cref="IOutcomeVisitor{T}"/>, one method a case.</summary>
public abstract record Outcome
{
    private Outcome()
    {
    }

    /// <summary>Calls the visitor's method for this case.</summary>
    public abstract T Accept<T>(IOutcomeVisitor<T> visitor);

    /// <summary>The method returned.</summary>
    /// <param name="Result">Its result as JSON.</param>
    public sealed record Succeeded(ReadOnlyMemory<byte> Result) : Outcome
    {
        /// <inheritdoc/>
        public override T Accept<T>(IOutcomeVisitor<T> visitor) => visitor.Succeeded(this);
    }

    /// <summary>The run failed for good.</summary>
    /// <param name="Failure">Why.</param>
    /// <param name="Quarantine">Set where the message is to be kept for a human.</param>
    public sealed record Failed(TaskFailure Failure, QuarantineReason? Quarantine) : Outcome
    {
        /// <inheritdoc/>
        public override T Accept<T>(IOutcomeVisitor<T> visitor) => visitor.Failed(this);
    }

    /// <summary>The task is to run again later.</summary>
    /// <param name="Failure">Why.</param>
    /// <param name="Delay">When.</param>
    public sealed record Retrying(TaskFailure Failure, TimeSpan Delay) : Outcome
    {
        /// <summary>The queue of the next run; null for the one it came from.</summary>
        public string? Queue { get; init; }

        /// <summary>The priority of the next run; null for the one it came with.</summary>
        public byte? Priority { get; init; }

        /// <inheritdoc/>
        public override T Accept<T>(IOutcomeVisitor<T> visitor) => visitor.Retrying(this);
    }

    /// <summary>The task asked to leave no trace.</summary>
    public sealed record Ignored : Outcome
    {
        /// <summary>What takes the task's place, as Celery's JSON; empty where nothing does.</summary>
        internal ReadOnlyMemory<byte> Replacement { get; init; }

        /// <inheritdoc/>
        public override T Accept<T>(IOutcomeVisitor<T> visitor) => visitor.Ignored(this);
    }

    /// <summary>The task refused its message.</summary>
    /// <param name="Requeue">True returns it to its queue.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Rejected(bool Requeue, string Reason) : Outcome
    {
        /// <inheritdoc/>
        public override T Accept<T>(IOutcomeVisitor<T> visitor) => visitor.Rejected(this);
    }

    /// <summary>The task was received after its <c>expires</c>.</summary>
    public sealed record Expired : Outcome
    {
        /// <inheritdoc/>
        public override T Accept<T>(IOutcomeVisitor<T> visitor) => visitor.Expired(this);
    }

    /// <summary>The task was taken back: before it ran, or while it ran.</summary>
    /// <param name="TerminatedBy">The signal that remote control has named, where the task ran already and its token was cancelled; else null.</param>
    public sealed record Revoked(string? TerminatedBy) : Outcome
    {
        /// <inheritdoc/>
        public override T Accept<T>(IOutcomeVisitor<T> visitor) => visitor.Revoked(this);
    }

    /// <summary>The process that ran the task died, and the task wants to be run again (Celery's <c>reject_on_worker_lost</c>): the message goes back with one death more.</summary>
    /// <param name="Reason">How it died.</param>
    public sealed record Lost(string Reason) : Outcome
    {
        /// <inheritdoc/>
        public override T Accept<T>(IOutcomeVisitor<T> visitor) => visitor.Lost(this);
    }

    /// <summary>The worker is stopping and interrupted the run: the message goes back and no attempt is counted.</summary>
    public sealed record Interrupted : Outcome
    {
        /// <inheritdoc/>
        public override T Accept<T>(IOutcomeVisitor<T> visitor) => visitor.Interrupted(this);
    }
}

/// <summary>One method for each way in which a run can end.</summary>
public interface IOutcomeVisitor<out T>
{
    /// <summary>See <see cref="Outcome.Succeeded"/>.</summary>
    T Succeeded(Outcome.Succeeded outcome);
    /// <summary>See <see cref="Outcome.Failed"/>.</summary>
    T Failed(Outcome.Failed outcome);
    /// <summary>See <see cref="Outcome.Retrying"/>.</summary>
    T Retrying(Outcome.Retrying outcome);
    /// <summary>See <see cref="Outcome.Ignored"/>.</summary>
    T Ignored(Outcome.Ignored outcome);
    /// <summary>See <see cref="Outcome.Rejected"/>.</summary>
    T Rejected(Outcome.Rejected outcome);
    /// <summary>See <see cref="Outcome.Expired"/>.</summary>
    T Expired(Outcome.Expired outcome);
    /// <summary>See <see cref="Outcome.Revoked"/>.</summary>
    T Revoked(Outcome.Revoked outcome);
    /// <summary>See <see cref="Outcome.Interrupted"/>.</summary>
    T Interrupted(Outcome.Interrupted outcome);
    /// <summary>See <see cref="Outcome.Lost"/>.</summary>
    T Lost(Outcome.Lost outcome);
}
