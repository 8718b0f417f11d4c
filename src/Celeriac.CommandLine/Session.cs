using System.CommandLine;
using Celeriac.Hosting;
using Celeriac.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Celeriac.CommandLine;

/// <summary>What a verb works with: the chosen app, with the command line's options over its own.</summary>
internal sealed class Session
{
    private readonly AppRegistration _app;

    public Session(IHost host, ParseResult parse, GlobalOptions global, Terminal terminal, Interrupts interrupts)
    {
        Host = host;
        Terminal = terminal;
        Interrupts = interrupts;
        _app = FindApp(host.Services, parse.GetValue(global.App));
        Overrides = AppParts.Overrides(host.Services, _app);
        if (parse.GetValue(global.Broker) is { } broker)
        {
            Overrides.Add((CeleriacOptions options) => options.BrokerUrl = broker);
        }
        if (parse.GetValue(global.ResultBackend) is { } backend)
        {
            Overrides.Add((CeleriacOptions options) => options.ResultBackend = backend);
        }
    }

    public IHost Host { get; }

    public Terminal Terminal { get; }

    public Interrupts Interrupts { get; }

    public AppOverrides Overrides { get; }

    public CeleriacOptions Options => AppParts.Options(Host.Services, _app);

    public WorkerOptions WorkerOptions => AppParts.WorkerOptions(Host.Services, _app);

    public TaskClient Client => AppParts.Get<TaskClient>(Host.Services, _app);

    public TaskRegistry Registry => AppParts.Get<TaskRegistry>(Host.Services, _app);

    public Worker Worker => AppParts.Get<Worker>(Host.Services, _app);

    public TimeProvider Time => Host.Services.GetService<TimeProvider>() ?? TimeProvider.System;

    /// <summary>The queues that the app knows of: the default one, its worker's and its tasks'.</summary>
    public IReadOnlyList<string> KnownQueues =>
    [
        .. WorkerOptions.Queues.Append(Options.DefaultQueue)
            .Concat(Registry.All.Select(task => task.Options.Queue).OfType<string>()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    /// <summary>From here on what is less than this is not logged. It reaches every logger that is made later, and Celeriac's are.</summary>
    public void SetLogLevel(LogLevel level)
    {
        if (Host.Services.GetService<IOptionsMonitor<LoggerFilterOptions>>()?.CurrentValue is { } filters)
        {
            filters.MinLevel = level;
            filters.Rules.Add(new LoggerFilterRule(null, null, level, null));
        }
    }

    private static AppRegistration FindApp(IServiceProvider services, string? name)
    {
        var apps = services.GetServices<AppRegistration>().ToList();
        var names = apps.Where(app => !app.IsUnnamed).Select(app => app.Name).ToList();
        if (name is null)
        {
            return apps.Count switch
            {
                0 => throw new UsageException("This program has no Celeriac app. Call builder.Services.AddCeleriac(...) before it builds its host."),
                1 => apps[0],
                _ => apps.FirstOrDefault(app => app.IsUnnamed) ?? throw new UsageException($"This program has several apps. Choose one with --app: {string.Join(", ", names)}."),
            };
        }
        return apps.FirstOrDefault(app => app.Name == name)
            ?? throw new UsageException($"This program has no app '{name}'. {DidYouMean.Sentence(name, names)}Apps: {(names.Count == 0 ? "only the unnamed one; leave --app out" : string.Join(", ", names))}.");
    }
}
