using Celeriac.Hosting;
using Celeriac.Working.Life;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers Celeriac's health check.</summary>
public static class CeleriacHealthChecksBuilderExtensions
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Adds a check of an app that <c>AddCeleriac</c> registers: healthy while it is connected to its broker and, where its worker runs with the host,
    /// consumes; degraded while it connects or reconnects; unhealthy once that has taken longer than <paramref name="patience"/>.
    /// Its data are <c>broker</c> (the URL without its password), <c>state</c>, <c>since</c>, <c>last_error</c>, and of a worker <c>worker</c> and <c>running</c>.
    /// </summary>
    /// <param name="builder">What <c>AddHealthChecks</c> answered.</param>
    /// <param name="app">The name of a named app; null, the default, for the unnamed one.</param>
    /// <param name="name">The check's name; default <c>celeriac</c>, and <c>celeriac-</c> with the app's name for a named app.</param>
    /// <param name="failureStatus">What the check reports where it fails; default <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">The check's tags; default <c>ready</c>. It is no check of liveness: a restart does not bring a broker back.</param>
    /// <param name="patience">How long the broker may be away before the check fails; default 30 seconds.</param>
    /// <param name="quarantineAlarm">
    /// Degraded while the quarantine of one of the app's queues holds more messages than this; they are in the data as <c>quarantined</c>. Default null: not counted.
    /// Needs a broker that counts.
    /// </param>
    /// <exception cref="ArgumentException">The app's name is empty.</exception>
    public static IHealthChecksBuilder AddCeleriac(
        this IHealthChecksBuilder builder, string? app = null, string? name = null, HealthStatus? failureStatus = null, IEnumerable<string>? tags = null, TimeSpan? patience = null, long? quarantineAlarm = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (app is not null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(app);
        }
        return builder.Add(new HealthCheckRegistration(
            name ?? (app is null ? "celeriac" : $"celeriac-{app}"),
            provider => new CeleriacHealthCheck(provider, AppParts.Registration(provider, app ?? ""), patience ?? s_patience, quarantineAlarm),
            failureStatus,
            tags ?? ["ready"]));
    }

    /// <summary>
    /// Adds a check of liveness: healthy while the worker that runs with the host moves, also while it stops or its broker is away; a restart cures what it finds.
    /// </summary>
    /// <param name="builder">What <c>AddHealthChecks</c> answered.</param>
    /// <param name="app">The name of a named app; null, the default, for the unnamed one.</param>
    /// <param name="name">The check's name; default <c>celeriac-live</c>, and <c>celeriac-live-</c> with the app's name for a named app.</param>
    /// <param name="failureStatus">What the check reports where it fails; default <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">The check's tags; default <c>live</c>.</param>
    /// <exception cref="ArgumentException">The app's name is empty.</exception>
    public static IHealthChecksBuilder AddCeleriacLive(
        this IHealthChecksBuilder builder, string? app = null, string? name = null, HealthStatus? failureStatus = null, IEnumerable<string>? tags = null) =>
        AddWorkerCheck(builder, app, name ?? NameOf("celeriac-live", app), failureStatus, tags ?? ["live"], (worker, _) => Task.FromResult(worker.Life.Health.Live()));

    /// <summary>
    /// Adds a check that the worker keeps up: it fails while more than <paramref name="limit"/> messages wait in one of its queues. Where the broker does not count, it is
    /// healthy and says so.
    /// </summary>
    /// <param name="builder">What <c>AddHealthChecks</c> answered.</param>
    /// <param name="app">The name of a named app; null, the default, for the unnamed one.</param>
    /// <param name="limit">How many messages may wait; default <see cref="Celeriac.WorkerOptions.LagLimit"/>.</param>
    /// <param name="name">The check's name; default <c>celeriac-lag</c>, and <c>celeriac-lag-</c> with the app's name for a named app.</param>
    /// <param name="failureStatus">What the check reports where it fails; default <see cref="HealthStatus.Degraded"/>: more workers cure it, and no restart.</param>
    /// <param name="tags">The check's tags; default <c>lag</c>.</param>
    /// <exception cref="ArgumentException">The app's name is empty.</exception>
    public static IHealthChecksBuilder AddCeleriacLag(
        this IHealthChecksBuilder builder, string? app = null, long? limit = null, string? name = null, HealthStatus? failureStatus = null, IEnumerable<string>? tags = null) =>
        AddWorkerCheck(builder, app, name ?? NameOf("celeriac-lag", app), failureStatus ?? HealthStatus.Degraded, tags ?? ["lag"], (worker, cancellation) => worker.Life.LagAsync(limit, cancellation));

    private static IHealthChecksBuilder AddWorkerCheck(
        IHealthChecksBuilder builder, string? app, string name, HealthStatus? failureStatus, IEnumerable<string> tags, Func<Celeriac.Worker, CancellationToken, Task<HealthAnswer>> ask)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (app is not null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(app);
        }
        return builder.Add(new HealthCheckRegistration(name, provider => new WorkerHealthCheck(provider, AppParts.Registration(provider, app ?? ""), ask), failureStatus, tags));
    }

    private static string NameOf(string stem, string? app) => app is null ? stem : $"{stem}-{app}";
}
