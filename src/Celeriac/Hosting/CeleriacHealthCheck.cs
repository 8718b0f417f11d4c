using Celeriac.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Celeriac.Hosting;

/// <summary>
/// Whether an app reaches its broker and, where its worker runs with the host, consumes. A broker that is away for a moment is degraded,
/// because the app reconnects by itself; only one that stays away is a failure.
/// </summary>
internal sealed class CeleriacHealthCheck(IServiceProvider services, AppRegistration app, TimeSpan patience) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var transport = AppParts.Get<ITransport>(services, app);
        var health = await AskAsync(transport, cancellationToken).ConfigureAwait(false);
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
        return health.State == ConnectionState.Connected ? Connected(transport, data) : Away(context, transport, health, data);
    }

    /// <summary>How it stands. An app that has not used its broker yet connects for the answer: nobody could tell otherwise.</summary>
    private static async Task<TransportHealth> AskAsync(ITransport transport, CancellationToken cancellationToken)
    {
        if (transport.Health.State == ConnectionState.Closed)
        {
            try
            {
                await transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (TransportException error)
            {
                return transport.Health is { LastError: null } health ? health with { LastError = error.Message } : transport.Health;
            }
            catch (ObjectDisposedException)
            {
                // The host is stopping: closed is the answer.
            }
        }
        return transport.Health;
    }

    private HealthCheckResult Connected(ITransport transport, Dictionary<string, object> data)
    {
        if (!AppParts.Overrides(services, app).RunsWorker)
        {
            return HealthCheckResult.Healthy($"Connected to '{transport.Name}'.", data);
        }
        var worker = AppParts.Get<Worker>(services, app);
        data["worker"] = worker.Node;
        data["running"] = worker.Running;
        return worker.Ready.IsCompletedSuccessfully
            ? HealthCheckResult.Healthy($"Connected to '{transport.Name}'; worker '{worker.Node}' consumes.", data)
            : HealthCheckResult.Degraded($"Connected to '{transport.Name}', but worker '{worker.Node}' does not consume yet: it is starting, or a queue refuses it; the log says which.", data: data);
    }

    private HealthCheckResult Away(HealthCheckContext context, ITransport transport, TransportHealth health, Dictionary<string, object> data)
    {
        var duration = AppParts.Time(services).GetUtcNow() - health.Since;
        var isLong = health.State == ConnectionState.Closed || duration >= patience;
        var why = health.LastError is { } error ? $": {error}" : ".";
        var description = health.State == ConnectionState.Closed
            ? $"Not connected to '{transport.Name}'{why}"
            : $"Not connected to '{transport.Name}' for {Math.Max(0, Math.Floor(duration.TotalSeconds)):0} s{why} It goes on trying.";
        return new HealthCheckResult(isLong ? context.Registration.FailureStatus : HealthStatus.Degraded, description, data: data);
    }
}
