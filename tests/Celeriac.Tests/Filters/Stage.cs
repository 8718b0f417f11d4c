using System.Collections.Concurrent;
using Celeriac.Messaging;
using Microsoft.Extensions.Logging;

namespace Celeriac.Tests.Filters;

/// <summary>A worker over memory with tasks written by hand, its client, and what both have told.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;

    public Stage(
        IEnumerable<TaskDefinition> tasks, TaskFilters? filters = null, IServiceProvider? services = null, Action<WorkerOptions>? worker = null, Action<CeleriacOptions>? shared = null)
    {
        var options = new CeleriacOptions { BrokerUrl = $"memory://{Guid.NewGuid():N}" };
        shared?.Invoke(options);
        Client = TaskClient.Open(options);
        var working = new WorkerOptions { Concurrency = 4, NodeName = "w1@test", ShutdownTimeout = TimeSpan.FromSeconds(2) };
        worker?.Invoke(working);
        Worker = new Worker(Client, new TaskRegistry([.. tasks]), working, options, services, Log) { Filters = filters ?? new() };
        _run = Worker.RunAsync(_stop.Token);
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(60);

    public TaskClient Client { get; }

    public Worker Worker { get; }

    public LogLines Log { get; } = new();

    /// <summary>A task written by hand.</summary>
    public static TaskDefinition Define(string name, TaskInvoker invoker, TaskOptions? options = null, Func<TaskInvocation, ITaskHooks>? hooks = null, bool isSynchronous = false) => new()
    {
        Name = name,
        Method = name,
        Parameters = [],
        Invoker = invoker,
        Options = options ?? TaskOptions.Default,
        Hooks = hooks,
        IsSynchronous = isSynchronous,
    };

    public async Task<int> CallAsync(string task)
    {
        var sent = await Client.SendAsync(new Signature<int>(task), Token);
        return await sent.GetAsync(Patience, Token);
    }

    public async Task<RemoteTaskException> FailAsync(string task) => await Assert.ThrowsAsync<RemoteTaskException>(async () => await CallAsync(task));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        await Client.DisposeAsync();
        _stop.Dispose();
    }
}

/// <summary>Keeps what is logged, with its scopes.</summary>
internal sealed class LogLines : ILoggerFactory, ILogger
{
    private readonly AsyncLocal<object?> _scope = new();

    public ConcurrentQueue<(int Id, string Text, object? Scope)> Lines { get; } = new();

    public object? CurrentScope => _scope.Value;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable BeginScope<TState>(TState state) where TState : notnull
    {
        _scope.Value = state;
        return this;
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((eventId.Id, formatter(state, exception), _scope.Value));

    public void Dispose() => _scope.Value = null;
}
