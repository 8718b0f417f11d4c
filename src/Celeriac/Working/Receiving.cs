using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>The receiving half of a worker: pull, admit, hand to a runner.</summary>
internal sealed class Receiving(WorkerState state, Admission admission, Deferrals deferrals, Suspects suspects, RunTelemetry telemetry, WorkerOptions options, string node, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromSeconds(10);

    /// <summary>Hop 5: pull, admit, hand to a runner.</summary>
    public async Task RunAsync(Intake intake, Dispatch dispatch, CancellationToken stop, CancellationToken giveUp)
    {
        var delay = s_firstDelay;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (await intake.ReceiveAsync(stop).ConfigureAwait(false) is not { } received)
                {
                    return;
                }
                delay = s_firstDelay;
                telemetry.Received(received.Delivery.Queue);
                if (await admission.AdmitAsync(received.Delivery, giveUp).ConfigureAwait(false) is { } task)
                {
                    (task.Source, task.ReceivedAt) = (received.Source, time.GetTimestamp());
                    if (task.DeferredUntil is { } eta)
                    {
                        deferrals.Begin(task, eta, giveUp);
                        continue;
                    }
                    state.InHand.Add(task);
                    dispatch.Accept(task);
                    state.Autoscaler?.Received();
                }
                else
                {
                    received.Source.Settled();
                }
            }
            catch (TransportException error)
            {
                Log.ReceiveFailed(log, error, node, delay);
                await Task.Delay(delay, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                delay = delay * 2 < s_longestDelay ? delay * 2 : s_longestDelay;
            }
        }
    }

    /// <summary>Messages that may have killed a worker come one at a time, beside the others.</summary>
    public async Task RunSuspectsAsync(Dispatch dispatch, CancellationToken stop, CancellationToken giveUp)
    {
        // Where a first death is the last, nobody gets another chance.
        if (options.MaxDeaths < 2)
        {
            return;
        }
        await Task.WhenAll(suspects.WatchAsync(stop), Task.Run(() => RunAsync(state.Suspects, dispatch, stop, giveUp), CancellationToken.None)).ConfigureAwait(false);
    }
}
