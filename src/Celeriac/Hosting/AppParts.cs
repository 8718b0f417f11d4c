using Celeriac.Messaging;
using Celeriac.Results;
using Celeriac.Sending;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Celeriac.Hosting;

/// <summary>Makes the parts of an app from its options and each other. The container owns and disposes them.</summary>
internal static class AppParts
{
    /// <summary>A part of an app: keyed by the app's name, plain for the unnamed one.</summary>
    public static TService Get<TService>(IServiceProvider services, AppRegistration app) where TService : class =>
        app.IsUnnamed ? services.GetRequiredService<TService>() : services.GetRequiredKeyedService<TService>(app.Name);

    /// <summary>The app of a name; the empty text is the unnamed one.</summary>
    /// <exception cref="InvalidOperationException">No such app is registered.</exception>
    public static AppRegistration Registration(IServiceProvider services, string name)
    {
        var apps = services.GetServices<AppRegistration>().ToList();
        return apps.Find(app => app.Name == name) ?? throw new InvalidOperationException(
            $"The health check asks for {new AppRegistration(name).Description}, which is not registered. There {(apps.Count == 0 ? "is none" : $"is {string.Join(", ", apps.Select(app => app.Description))}")}. Call services.AddCeleriac for it, or correct the name.");
    }

    public static AppOverrides Overrides(IServiceProvider services, AppRegistration app) => services.GetRequiredKeyedService<AppOverrides>(app.Name);

    /// <exception cref="OptionsValidationException">The app's settings have faults.</exception>
    public static CeleriacOptions Options(IServiceProvider services, AppRegistration app) =>
        services.GetRequiredService<IOptionsMonitor<CeleriacOptions>>().Get(app.Name);

    public static WorkerOptions WorkerOptions(IServiceProvider services, AppRegistration app) =>
        services.GetRequiredService<IOptionsMonitor<WorkerOptions>>().Get(app.Name);

    public static ITransport CreateTransport(IServiceProvider services, AppRegistration app) =>
        Transports.Create(Options(services, app).BrokerUrl, Context(services));

    public static IResultStore CreateResults(IServiceProvider services, AppRegistration app) =>
        ResultStores.Create(Options(services, app), Get<ITransport>(services, app), Context(services));

    public static TaskClient CreateClient(IServiceProvider services, AppRegistration app)
    {
        var client = new TaskClient(Get<ITransport>(services, app), Get<IResultStore>(services, app), Options(services, app), Context(services), ownsParts: false)
        {
            Log = Logs(services).CreateLogger("Celeriac.Control"),
        };
        if (app.IsUnnamed)
        {
            CurrentClient.AddDefault(client, $"{app.Description} at {client.Transport.Name}");
        }
        return client;
    }

    public static Worker CreateWorker(IServiceProvider services, AppRegistration app)
    {
        var shared = Options(services, app);
        return new Worker(
            Get<TaskClient>(services, app), Get<TaskRegistry>(services, app), WorkerOptions(services, app), shared, services, Logs(services), Time(services))
        { Filters = app.Filters };
    }

    public static ILoggerFactory Logs(IServiceProvider services) => services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;

    public static TimeProvider Time(IServiceProvider services) => services.GetService<TimeProvider>() ?? TimeProvider.System;

    private static TransportContext Context(IServiceProvider services) => new() { LoggerFactory = Logs(services), Time = Time(services) };
}
