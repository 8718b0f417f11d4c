namespace Celeriac.Working;

/// <summary>
/// Tasks on their way back into the broker until their time: beside the receiving, so that many travel with one commit. The prefetch bounds how many.
/// </summary>
internal sealed class Deferrals(OutcomeHandler outcomes)
{
    private readonly HashSet<Task> _running = [];

    /// <summary>Sends the task back; its message is acknowledged once the broker has it.</summary>
    public void Begin(AdmittedTask task, DateTimeOffset eta, CancellationToken giveUp)
    {
        var deferral = DeferAsync(task, eta, giveUp);
        if (deferral.IsCompleted)
        {
            return;
        }
        lock (_running)
        {
            _running.Add(deferral);
        }
        _ = deferral.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Ends when all that were begun have ended.</summary>
    public Task Finished()
    {
        lock (_running)
        {
            return Task.WhenAll(_running);
        }
    }

    private async Task DeferAsync(AdmittedTask task, DateTimeOffset eta, CancellationToken giveUp)
    {
        await outcomes.DeferAsync(task, eta, giveUp).ConfigureAwait(false);
        task.Source!.Settled();
    }

    private void Forget(Task deferral)
    {
        lock (_running)
        {
            _running.Remove(deferral);
        }
    }
}
