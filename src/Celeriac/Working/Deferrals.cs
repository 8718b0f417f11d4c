namespace Celeriac.Working;

/// <summary>
/// Tasks on their way back into the broker until their time: beside the receiving, so that many travel with one commit. The prefetch bounds how many.
/// </summary>
internal sealed class Deferrals(OutcomeHandler outcomes)
{
    private readonly UnderWay _running = new();

    /// <summary>Sends the task back; its message is acknowledged once the broker has it.</summary>
    public void Begin(AdmittedTask task, DateTimeOffset eta, CancellationToken giveUp) => _running.Keep(DeferAsync(task, eta, giveUp));

    /// <summary>Ends when all that were begun have ended.</summary>
    public Task Finished() => _running.FinishAsync();

    private async Task DeferAsync(AdmittedTask task, DateTimeOffset eta, CancellationToken giveUp)
    {
        await outcomes.DeferAsync(task, eta, giveUp).ConfigureAwait(false);
        task.Source!.Settled();
    }
}
