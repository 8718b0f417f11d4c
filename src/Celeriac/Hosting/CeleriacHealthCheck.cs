using Celeriac.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Celeriac.Hosting;

/// <summary>
/// Whether an app reaches its broker and, where its worker runs with the host, consumes. A broker that is away for a moment is degraded,
/// because the app reconnects by itself; only one that stays away is a failure. So is a result store that has a connection of its own.
/// </summary>
internal sealed class CeleriacHealthCheck(IServiceProvider services, AppRegistration app, TimeSpan patience, long? quarantineAlarm = null) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var transport = AppParts.Get<ITransport>(services, app);
        var health = await AskAsync(() => transport.Health, transport.ConnectAsync, cancellationToken).ConfigureAwait(false);
        var results = AppParts.Get<IResultStore>(services, app);
        var resultHealth = results.Health is null ? null : await AskAsync(() => results.Health!, results.ConnectAsync, cancellationToken).ConfigureAwait(false);
        var data = new Dictionary<string, object>
        {
            ["broker"] = transport.Name,
            ["state"] = health.State.ToString(),
            ["since"] = health.Since,
        };
        if (health.LastError is { } error)
        {
            data["last_error"] = error;
        }
        if (resultHealth is not null)
        {
            data["results"] = resultHealth.State.ToString();
        }
        if (resultHealth?.LastError is { } resultError)
        {
            data["results_last_error"] = resultError;
        }
        return health.State != ConnectionState.Connected ? Away(context, $"'{transport.Name}'", health, data)
            : resultHealth is { State: not ConnectionState.Connected } ? Away(context, "the result store", resultHealth, data)
            : await QuarantineAlarm.AskAsync(services, app, quarantineAlarm, data, cancellationToken).ConfigureAwait(false) ?? Connected(context, transport, data);
    }

    /// <summary>How it stands. An app that has not used its broker yet connects for the answer: nobody could tell otherwise.</summary>
    private static async Task<TransportHealth> AskAsync(Func<TransportHealth> health, Func<CancellationToken, ValueTask> connect, CancellationToken cancellationToken)
    {
        if (health().State == ConnectionState.Closed)
        {
            try
            {
                await connect(cancellationToken).ConfigureAwait(false);
            }
            catch (TransportException error)
            {
                return health() is { LastError: null } closed ? closed with { LastError = error.Message } : health();
            }
            catch (ObjectDisposedException)
            {
                // The host is stopping: closed is the answer.
            }
        }
        return health();
    }

    private HealthCheckResult Connected(HealthCheckContext context, ITransport transport, Dictionary<string, object> data)
    {
        if (!AppParts.Overrides(services, app).RunsWorker)
        {
            return HealthCheckResult.Healthy($"Connected to '{transport.Name}'.", data);
        }
        var worker = AppParts.Get<Worker>(services, app);
        data["worker"] = worker.Node;
        data["running"] = worker.Running;
        if (worker.Life.Health.IsStopping)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, $"Worker '{worker.Node}' is stopping and takes no more tasks.", data: data);
        }
        return worker.Ready.IsCompletedSuccessfully
            ? HealthCheckResult.Healthy($"Connected to '{transport.Name}'; worker '{worker.Node}' consumes.", data)
            : HealthCheckResult.Degraded($"Connected to '{transport.Name}', but worker '{worker.Node}' does not consume yet: it is starting, or a queue refuses it; the log says which.", data: data);
    }

    private HealthCheckResult Away(HealthCheckContext context, string place, TransportHealth health, Dictionary<string, object> data)
    {
        var duration = AppParts.Time(services).GetUtcNow() - health.Since;
        var isLong = health.State == ConnectionState.Closed || duration >= patience;
        var why = health.LastError is { } error ? $": {error}" : ".";
        var description = health.State == ConnectionState.Closed
            ? $"Not connected to {place}{why}"
            : $"Not connected to {place} for {Math.Max(0, Math.Floor(duration.TotalSeconds)):0} s{why} It goes on trying.";
        return new HealthCheckResult(isLong ? context.Registration.FailureStatus : HealthStatus.Degraded, description, data: data);
    }
}
