using Celeriac;
using Celeriac.Hosting;
using Celeriac.Messaging;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers Celeriac.</summary>
public static class CeleriacServiceCollectionExtensions
{
    /// <summary>
    /// Registers the app of this process: <see cref="TaskClient"/>, <see cref="TaskRegistry"/>, <see cref="Worker"/>, <see cref="ITransport"/> and <see cref="IResultStore"/>.
    /// Nothing connects before it is used. Static handles send with this app's client from the start of the host, or from the client's first use, on.
    /// Calling it again adds to the same app.
    /// </summary>
    /// <param name="services">Where to register.</param>
    /// <param name="configure">Adds tasks, names the broker, and more.</param>
    public static CeleriacBuilder AddCeleriac(this IServiceCollection services, Action<CeleriacBuilder>? configure = null) =>
        Add(services, Options.Options.DefaultName, configure);

    /// <summary>
    /// Registers a named app beside others of the process. Its services are keyed by the name; its settings are in the section <c>Celeriac:&lt;name&gt;</c>
    /// and in <c>CELERIAC_&lt;NAME&gt;_…</c>. Static handles do not send with it by themselves: use <c>With(client: …)</c> or <see cref="TaskClient.Use"/>.
    /// </summary>
    /// <inheritdoc cref="AddCeleriac(IServiceCollection, Action{CeleriacBuilder}?)"/>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static CeleriacBuilder AddCeleriac(this IServiceCollection services, string name, Action<CeleriacBuilder>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return Add(services, name, configure);
    }

    private static CeleriacBuilder Add(IServiceCollection services, string name, Action<CeleriacBuilder>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        var registration = services.Select(descriptor => descriptor.IsKeyedService ? null : descriptor.ImplementationInstance)
            .OfType<AppRegistration>().FirstOrDefault(app => app.Name == name);
        if (registration is null)
        {
            registration = new AppRegistration(name);
            services.AddSingleton(registration);
            AddOptions(services, registration);
            AddParts(services, registration);
            services.AddSingleton<IHostedService>(provider => new AppService(provider, registration));
        }
        var builder = new CeleriacBuilder(services, registration);
        configure?.Invoke(builder);
        return builder;
    }

    private static void AddOptions(IServiceCollection services, AppRegistration registration)
    {
        services.TryAddSingleton(EnvironmentVariables.OfProcess());
        services.AddKeyedSingleton(registration.Name, (provider, _) => new AppOverrides(registration));
        services.AddKeyedSingleton(registration.Name, (provider, _) => SettingReader.Read(provider, registration));
        services.AddOptions<CeleriacOptions>(registration.Name).ValidateOnStart();
        services.AddOptions<WorkerOptions>(registration.Name);
        // First of all, so that code wins wherever it stands.
        services.Insert(0, ServiceDescriptor.Singleton<IConfigureOptions<CeleriacOptions>>(provider => new OptionsSetup(provider, registration)));
        services.Insert(0, ServiceDescriptor.Singleton<IConfigureOptions<WorkerOptions>>(provider => new OptionsSetup(provider, registration)));
        services.AddSingleton<IPostConfigureOptions<CeleriacOptions>>(provider => new OptionsSetup(provider, registration));
        services.AddSingleton<IPostConfigureOptions<WorkerOptions>>(provider => new OptionsSetup(provider, registration));
        services.AddSingleton<IValidateOptions<CeleriacOptions>>(provider => new OptionsValidator(provider, registration));
    }

    private static void AddParts(IServiceCollection services, AppRegistration registration)
    {
        Add<TaskRegistry>(_ => new TaskRegistry(registration.Tasks));
        Add(provider => AppParts.CreateTransport(provider, registration));
        Add(provider => AppParts.CreateResults(provider, registration));
        Add(provider => AppParts.CreateClient(provider, registration));
        Add(provider => AppParts.CreateWorker(provider, registration));

        void Add<TService>(Func<IServiceProvider, TService> create) where TService : class
        {
            if (registration.IsUnnamed)
            {
                services.TryAddSingleton(create);
            }
            else
            {
                services.TryAddKeyedSingleton(registration.Name, (provider, _) => create(provider));
            }
        }
    }
}
