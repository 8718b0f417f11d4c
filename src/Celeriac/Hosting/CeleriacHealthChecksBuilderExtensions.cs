using Celeriac.Hosting;
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
}
