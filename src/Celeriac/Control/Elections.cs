using Celeriac.Diagnostics;
using Celeriac.Events;
using Celeriac.Messaging;
using Celeriac.Results;

namespace Celeriac.Control;

/// <summary>
/// Agrees with elections of Python workers (CELERY-PROTOCOL section 16): who calls one waits for every worker that sends heartbeats, so that one silent
/// worker would hold it up for ever. A C# worker never stands for election.
/// </summary>
internal static class Elections
{
    private const string Pattern = "worker.elect";
    private static readonly TimeSpan s_delay = TimeSpan.FromSeconds(5);

    /// <summary>Listens until <paramref name="stop"/> fires. Never throws.</summary>
    public static async Task RunAsync(ControlledWorker worker, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await worker.Client.Transport.ConnectPatientlyAsync().WaitAsync(stop).ConfigureAwait(false);
                if (!MayHappen(worker))
                {
                    return;
                }
                await ListenAsync(worker, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                Log.ElectionsUnheard(worker.Log, error, worker.Node, s_delay);
            }
            await Task.Delay(s_delay, worker.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Python workers share no embedded store with us, and who has no heartbeat is not waited for.</summary>
    private static bool MayHappen(ControlledWorker worker) =>
        !worker.Options.WithoutHeartbeat && worker.Client.Transport.Documents is null && EventExchange.IsPossible(worker.Client.Transport);

    private static async Task ListenAsync(ControlledWorker worker, CancellationToken stop)
    {
        var receiver = worker.Client.Events.Receive(Pattern);
        await using (((IAsyncDisposable)receiver).ConfigureAwait(false))
        {
            await AgreeAsync(receiver, worker.State.Events, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Agrees with each election that is heard.</summary>
    internal static async Task AgreeAsync(EventReceiver receiver, WorkerEvents events, CancellationToken stop)
    {
        await foreach (var told in receiver.WithCancellation(stop).ConfigureAwait(false))
        {
            if (told.Type == EventTypes.WorkerElect && told.Text("id") is { } election)
            {
                events.AcknowledgeElection(election);
            }
        }
    }
}
