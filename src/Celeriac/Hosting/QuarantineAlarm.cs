using Celeriac.Messaging;
using Celeriac.Sending;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Celeriac.Hosting;

/// <summary>Whether more lies in the quarantines of an app than somebody wants to leave unlooked at.</summary>
internal static class QuarantineAlarm
{
    /// <summary>Degraded where a quarantine holds more; null where nothing is wrong, or nobody asks.</summary>
    public static async Task<HealthCheckResult?> AskAsync(IServiceProvider services, AppRegistration app, long? most, Dictionary<string, object> data, CancellationToken cancellationToken)
    {
        var transport = AppParts.Get<ITransport>(services, app);
        if (most is not { } alarm || !transport.Capabilities.Counts)
        {
            return null;
        }
        var queues = AppParts.Overrides(services, app).RunsWorker ? AppParts.Get<Worker>(services, app).Queues : [AppParts.Get<TaskClient>(services, app).DefaultQueue];
        var (total, fullest, messages) = (0L, "", 0L);
        try
        {
            foreach (var quarantine in queues.Select(TaskQueues.QuarantineOf))
            {
                var ready = (await transport.CountAsync(quarantine, cancellationToken).ConfigureAwait(false))?.Ready ?? 0;
                total += ready;
                (fullest, messages) = ready > messages ? (quarantine, ready) : (fullest, messages);
            }
        }
        catch (TransportException error)
        {
            data["quarantined_error"] = error.Message;
            return null;
        }
        data["quarantined"] = total;
        return messages <= alarm ? null : HealthCheckResult.Degraded($"{fullest} holds {messages} messages that could not run, and the alarm is set at {alarm}. See 'quarantine list'.", data: data);
    }
}
