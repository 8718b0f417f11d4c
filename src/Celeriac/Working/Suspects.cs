using Celeriac.Messaging;
using Celeriac.Sending;

namespace Celeriac.Working;

/// <summary>
/// The queues of messages that are suspected of killing workers, <c>&lt;queue&gt;.suspects</c>: made when the first is found, and looked for by the other
/// workers at start and every minute, because who made it may not live long.
/// </summary>
internal sealed class Suspects(TaskClient client, Intake main, Intake intake, TimeProvider time)
{
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMinutes(1);

    /// <summary>True for the name of such a queue.</summary>
    public static bool IsSuspects(string queue) => TaskQueues.OriginOf(queue).Length != queue.Length;

    /// <summary>The queue for the suspects of a task queue; this worker consumes it from now on.</summary>
    public async ValueTask<string> OpenAsync(string queue, CancellationToken cancellationToken)
    {
        var suspects = TaskQueues.SuspectsOf(queue);
        await client.Queues.EnsureAsync(suspects, cancellationToken).ConfigureAwait(false);
        intake.Add(suspects);
        return suspects;
    }

    /// <summary>Looks for the suspects of this worker's queues until it stops.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await LookAsync(stop).ConfigureAwait(false);
            }
            catch (Exception error) when (error is TransportException or OperationCanceledException)
            {
                // The broker is away, or the worker stops: the next look will tell.
            }
            await Task.Delay(s_lookEvery, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask LookAsync(CancellationToken stop)
    {
        await client.Transport.ConnectAsync(stop).ConfigureAwait(false);
        foreach (var suspects in main.Queues.Where(queue => !QueueDefinitions.IsPart(queue)).Select(TaskQueues.SuspectsOf).Except(intake.Queues, StringComparer.Ordinal))
        {
            // Where queues cannot be counted, consuming is the only way to find out.
            if (!client.Transport.Capabilities.Counts || await client.Transport.CountAsync(suspects, stop).ConfigureAwait(false) is not null)
            {
                intake.Add(suspects);
            }
        }
    }
}
