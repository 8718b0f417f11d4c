using Celeriac.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>One line for each outcome.</summary>
internal sealed class OutcomeLog(ILogger log, AdmittedTask task, TimeSpan runtime) : IOutcomeVisitor<None>
{
    private string Name => task.Request.Task;
    private string Id => task.Request.Id;

    public static void Write(ILogger log, AdmittedTask task, Outcome outcome, TimeSpan runtime) => outcome.Accept(new OutcomeLog(log, task, runtime));

    public static void Succeeded(ILogger log, AdmittedTask task, TimeSpan runtime) => Log.TaskSucceeded(log, task.Request.Task, task.Request.Id, (long)runtime.TotalMilliseconds);

    public None Succeeded(Outcome.Succeeded outcome)
    {
        Succeeded(log, task, runtime);
        return None.Value;
    }

    public None Failed(Outcome.Failed outcome)
    {
        Log.TaskFailed(log, Name, Id, OutcomeEffects.Text(outcome.Failure));
        return None.Value;
    }

    public None Retrying(Outcome.Retrying outcome)
    {
        Log.TaskRetried(log, Name, Id, outcome.Delay, OutcomeEffects.Text(outcome.Failure));
        return None.Value;
    }

    public None Ignored(Outcome.Ignored outcome)
    {
        if (outcome.Replacement.IsEmpty)
        {
            Log.TaskIgnored(log, Name, Id);
        }
        else
        {
            Log.TaskReplaced(log, Name, Id);
        }
        return None.Value;
    }

    public None Rejected(Outcome.Rejected outcome)
    {
        Log.TaskRejected(log, Name, Id, outcome.Reason);
        return None.Value;
    }

    public None Expired(Outcome.Expired outcome)
    {
        Log.TaskExpired(log, Name, Id);
        return None.Value;
    }

    public None Revoked(Outcome.Revoked outcome)
    {
        if (outcome.TerminatedBy is { } signal)
        {
            Log.TaskTerminated(log, Name, Id, signal);
        }
        else
        {
            Log.TaskRevoked(log, Name, Id);
        }
        return None.Value;
    }

    public None Lost(Outcome.Lost outcome)
    {
        Log.TaskLost(log, Name, Id, outcome.Reason);
        return None.Value;
    }

    public None Interrupted(Outcome.Interrupted outcome)
    {
        Log.TaskInterrupted(log, Name, Id);
        return None.Value;
    }
}
