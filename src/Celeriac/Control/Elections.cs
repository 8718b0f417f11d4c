using Celeriac.Diagnostics;
using Celeriac.Events;
using Celeriac.Messaging;
using Celeriac.Results;

namespace Celeriac.Control;

/// <summary>
/// A C# worker's part in Celery's gossip (CELERY-PROTOCOL section 16). What the others tell moves its logical clock. And it agrees with elections of Python
/// workers: who calls one waits for every worker that sends heartbeats, so that one silent worker would hold it up for ever. It never stands for election.
/// </summary>
internal static class Elections
{
    private const string Pattern = "worker.#";
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

    /// <summary>Python workers share no embedded store with us, and there each event would cost a write.</summary>
    private static bool MayHappen(ControlledWorker worker) => worker.Client.Transport.Documents is null && EventExchange.IsPossible(worker.Client.Transport);

    private static async Task ListenAsync(ControlledWorker worker, CancellationToken stop)
    {
        var receiver = worker.Client.Events.Overhear(Pattern);
        await using (((IAsyncDisposable)receiver).ConfigureAwait(false))
        {
            await AgreeAsync(receiver, worker.Options.WithoutHeartbeat ? null : worker.State.Events, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Agrees with each election that is heard; null for a worker without heartbeat, which nobody waits for. The receiver moves the clock.</summary>
    internal static async Task AgreeAsync(EventReceiver receiver, WorkerEvents? events, CancellationToken stop)
    {
        await foreach (var told in receiver.WithCancellation(stop).ConfigureAwait(false))
        {
            if (told.Type == EventTypes.WorkerElect && told.Text("id") is { } election)
            {
                events?.AcknowledgeElection(election);
            }
        }
    }
}
