namespace Celeriac;

/// <summary>Why a run's token has fired.</summary>
public enum CancellationReason
{
    /// <summary>It has not.</summary>
    None,
    /// <summary>The soft time limit has passed.</summary>
    SoftTimeLimit,
    /// <summary>The hard time limit has passed: the run has failed already, and what it still does is for nothing.</summary>
    TimeLimit,
    /// <summary>The task was revoked with <c>terminate</c>.</summary>
    Terminated,
    /// <summary>The worker stops; the message goes back and another worker runs it.</summary>
    Shutdown,
    /// <summary>The broker has taken the message back, because it was not acknowledged in time (RabbitMQ's <c>consumer_timeout</c>); somebody else runs it.</summary>
    TakenBack,
}
