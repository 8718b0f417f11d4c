using System.Collections.Concurrent;
using Celeriac.Interop.Peer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Celeriac.Interop.Tests;

/// <summary>A C# worker in this process, composed as a user composes it: a host with <c>AddCeleriac</c> and <c>AddWorker</c>.</summary>
public sealed class CSharpWorker : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly LogKeeper _log;

    private CSharpWorker(IHost host, LogKeeper log)
    {
        _host = host;
        _log = log;
    }

    public TaskClient Client => _host.Services.GetRequiredKeyedService<TaskClient>(Name);

    public Worker Worker => _host.Services.GetRequiredKeyedService<Worker>(Name);

    /// <summary>What it has logged: level, sentence, exception.</summary>
    public IReadOnlyCollection<string> Log => _log.Lines;

    // A named app: tests of other classes have apps in the same process.
    private const string Name = "interop";

    public static async Task<CSharpWorker> StartAsync(string brokerUrl, string queue, string node = "cs@interop", string backend = "rpc://", Action<CeleriacBuilder>? configure = null)
    {
        var log = new LogKeeper();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Information);
        builder.Services.AddCeleriac(Name, celeriac =>
        {
            celeriac.Broker(brokerUrl).ResultBackend(backend).AddTasks(PeerTasks.All).Configure(options => options.DefaultQueue = queue)
                .AddWorker(worker =>
                {
                    worker.NodeName = node;
                    worker.Concurrency = 8;
                    worker.ShutdownTimeout = TimeSpan.FromSeconds(5);
                });
            configure?.Invoke(celeriac);
        });
        var host = builder.Build();
        await host.StartAsync();
        var worker = new CSharpWorker(host, log);
        await worker.Worker.Ready.WaitAsync(TimeSpan.FromSeconds(30));
        return worker;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    private sealed class LogKeeper : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel} {eventId.Id}: {formatter(state, exception)}{(exception is null ? "" : $" {exception}")}");

        public void Dispose()
        {
        }
    }
}
