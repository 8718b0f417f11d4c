using Celeriac.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working.Life;

/// <summary>
/// Where the broker takes a message back that stays unacknowledged for too long (RabbitMQ's <c>consumer_timeout</c>): warns before, and cancels what runs once it
/// has happened, because another worker is about to run it.
/// </summary>
internal sealed class AcknowledgementWatch(WorkerState state, string node, TimeProvider time, ILogger log)
{
    private const double WarnAt = 0.8;
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(5);

    public async Task RunAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            Look();
            await Task.Delay(s_lookEvery, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The broker has everything back that came with this generation of deliveries.</summary>
    public void TakenBack(long generation, string reason)
    {
        var number = state.InHand.TakeBack(generation, reason);
        Log.TakenBack(log, node, number, reason);
    }

    private void Look()
    {
        foreach (var task in state.InHand.All.Where(task => task is { IsAcknowledged: false, IsWarnedOf: false }))
        {
            if (task.Source?.SettleWithin is { } limit && time.GetElapsedTime(task.ReceivedAt) is var age && age >= limit * WarnAt)
            {
                task.IsWarnedOf = true;
                Log.AcknowledgeSoon(log, task.Request.Task, task.Request.Id, task.Delivery.Queue, age, limit);
            }
        }
    }
}
