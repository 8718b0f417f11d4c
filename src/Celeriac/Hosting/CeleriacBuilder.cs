using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Celeriac.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Celeriac;

/// <summary>Composes an app: its tasks, its broker, its worker. What is said here wins over configuration and environment.</summary>
public sealed class CeleriacBuilder
{
    private readonly AppRegistration _registration;

    internal CeleriacBuilder(IServiceCollection services, AppRegistration registration)
    {
        Services = services;
        _registration = registration;
    }

    /// <summary>The app's name; empty for the unnamed one. Its options have the same name.</summary>
    public string Name => _registration.Name;

    /// <summary>Where the app is registered.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Adds tasks. For those of your own assembly call the generated <c>AddTasks()</c>; for a library's pass its <c>CeleriacTasks.All</c>.</summary>
    public CeleriacBuilder AddTasks(IEnumerable<TaskDefinition> tasks)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        _registration.Tasks.AddRange(tasks.Except(_registration.Tasks));
        return this;
    }

    /// <summary>Adds JSON metadata for types of your own, usually a source-generated context. It counts for the whole process.</summary>
    public CeleriacBuilder UseJson(IJsonTypeInfoResolver resolver)
    {
        TaskJson.Use(resolver);
        return this;
    }

    /// <summary>Where tasks go: <see cref="CeleriacOptions.BrokerUrl"/>.</summary>
    public CeleriacBuilder Broker(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return Configure(options => options.BrokerUrl = url);
    }

    /// <summary>Where results go: <see cref="CeleriacOptions.ResultBackend"/>.</summary>
    public CeleriacBuilder ResultBackend(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return Configure(options => options.ResultBackend = url);
    }

    /// <summary>Changes what client and worker share.</summary>
    public CeleriacBuilder Configure(Action<CeleriacOptions> configure)
    {
        Services.Configure(Name, configure);
        return this;
    }

    /// <summary>Changes how the worker works, wherever it runs: with the host or by the verb <c>worker</c>.</summary>
    public CeleriacBuilder ConfigureWorker(Action<WorkerOptions> configure)
    {
        Services.Configure(Name, configure);
        return this;
    }

    /// <summary>Adds a remote control command of your own: <c>client.Control.BroadcastAsync(name, …)</c> and the verb <c>control</c> reach it, on every worker of the app.</summary>
    public CeleriacBuilder AddControlCommand(string name, ControlCommandHandler handler)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(handler);
        return ConfigureWorker(options => options.OwnControlCommands[name] = handler);
    }

    /// <summary>
    /// Adds the remote control commands that methods with <see cref="ControlCommandAttribute"/> and <see cref="InspectCommandAttribute"/> make. The generated
    /// <c>AddTasks()</c> does it for those of your own assembly; for a library's pass its <c>CeleriacControlCommands.All</c>.
    /// </summary>
    public CeleriacBuilder AddControlCommands(IEnumerable<ControlCommandDefinition> commands)
    {
        ArgumentNullException.ThrowIfNull(commands);
        foreach (var command in commands)
        {
            AddControlCommand(command.Name, command.Handler);
            if (command.IsInspect)
            {
                ConfigureWorker(options => options.OwnInspectHandlers.Add(command.Handler));
            }
        }
        return this;
    }

    /// <summary>
    /// Adds code around the runs of tasks. Each run gets the filter from its scope of services; where it is not registered it becomes a scoped service.
    /// </summary>
    /// <typeparam name="TFilter">The filter.</typeparam>
    /// <inheritdoc cref="TaskFilters.Add(ITaskFilter, int, string)"/>
    public CeleriacBuilder AddFilter<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TFilter>(int order = 0, string tasks = "*")
        where TFilter : class, ITaskFilter
    {
        Services.TryAddScoped<TFilter>();
        _registration.Filters.Add<TFilter>(order, tasks);
        return this;
    }

    /// <summary>Adds code around the runs of tasks: one object for all of them.</summary>
    /// <inheritdoc cref="TaskFilters.Add(ITaskFilter, int, string)"/>
    public CeleriacBuilder AddFilter(ITaskFilter filter, int order = 0, string tasks = "*")
    {
        _registration.Filters.Add(filter, order, tasks);
        return this;
    }

    /// <summary>
    /// Adds code around the sending of tasks, inside of what was added before: a service, a singleton where it is not registered. It cannot take the client in its
    /// constructor, for the client is made with it.
    /// </summary>
    /// <typeparam name="TFilter">The filter.</typeparam>
    public CeleriacBuilder AddSendFilter<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TFilter>() where TFilter : class, ISendFilter
    {
        Services.TryAddSingleton<TFilter>();
        Services.AddOptions<CeleriacOptions>(Name).Configure<TFilter>((options, filter) => options.SendFilters.Add(filter));
        return this;
    }

    /// <summary>Adds code around the sending of tasks, inside of what was added before.</summary>
    public CeleriacBuilder AddSendFilter(ISendFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return Configure(options => options.SendFilters.Add(filter));
    }

    /// <summary>Runs the worker with the host: it starts with it, stops taking work when the host stops, and lets running tasks finish.</summary>
    public CeleriacBuilder AddWorker(Action<WorkerOptions>? configure = null)
    {
        _registration.RunsWorker = true;
        return configure is null ? this : ConfigureWorker(configure);
    }
}
