using Celeriac.Events;

namespace Celeriac.Working;

/// <summary>The event of each outcome, sent after it was applied: who hears of it finds the result there.</summary>
internal sealed class OutcomeEvents(WorkerEvents events, TaskRequest request, TimeSpan runtime) : IOutcomeVisitor<None>
{
    public static void Send(WorkerEvents events, AdmittedTask task, Outcome outcome, TimeSpan runtime)
    {
        if (events.SendsTaskEvents && task.Definition.Options.SendEvents)
        {
            outcome.Accept(new OutcomeEvents(events, task.Request, runtime));
        }
    }

    public None Succeeded(Outcome.Succeeded outcome)
    {
        events.Succeeded(request, outcome.Result, runtime);
        return None.Value;
    }

    public None Failed(Outcome.Failed outcome)
    {
        events.Failed(request.Id, outcome.Failure);
        return None.Value;
    }

    public None Retrying(Outcome.Retrying outcome)
    {
        events.Retried(request, outcome.Failure);
        return None.Value;
    }

    // Celery has no event for it.
    public None Ignored(Outcome.Ignored outcome) => None.Value;

    public None Rejected(Outcome.Rejected outcome)
    {
        events.Rejected(request, outcome.Requeue);
        return None.Value;
    }

    public None Expired(Outcome.Expired outcome)
    {
        events.Revoked(request, terminated: false, signal: null, expired: true);
        return None.Value;
    }

    public None Revoked(Outcome.Revoked outcome)
    {
        events.Revoked(request, terminated: outcome.TerminatedBy is not null, outcome.TerminatedBy, expired: false);
        return None.Value;
    }

    // The message goes back, and whoever receives it next tells so.
    public None Lost(Outcome.Lost outcome) => None.Value;

    // The message goes back, and whoever receives it next tells so.
    public None Interrupted(Outcome.Interrupted outcome) => None.Value;
}
