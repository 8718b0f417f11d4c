using Celeriac.Working.Life;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Celeriac.Hosting;

/// <summary>One thing about the worker that runs with the host: that it lives, or that it keeps up. Without a worker there is nothing that could fail.</summary>
internal sealed class WorkerHealthCheck(IServiceProvider services, AppRegistration app, Func<Worker, CancellationToken, Task<HealthAnswer>> ask) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!AppParts.Overrides(services, app).RunsWorker)
        {
            return HealthCheckResult.Healthy("No worker runs with this host.");
        }
        var worker = AppParts.Get<Worker>(services, app);
        var answer = await ask(worker, cancellationToken).ConfigureAwait(false);
        return new HealthCheckResult(
            answer.IsWell ? HealthStatus.Healthy : context.Registration.FailureStatus, $"Worker '{worker.Node}': {answer.Text}.", data: new Dictionary<string, object> { ["worker"] = worker.Node });
    }
}
