namespace Celeriac;

/// <summary>How long an equal call of a task is not sent again.</summary>
public enum UniqueUntil
{
    /// <summary>Every call is sent.</summary>
    None,
    /// <summary>Until the first run begins: at most one waits in the queue.</summary>
    Started,
    /// <summary>Until the task has ended for good, retries included: at most one waits or runs.</summary>
    Finished,
}
