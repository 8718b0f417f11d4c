using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Celeriac.CommandLine.Tests;

public sealed class WorkerVerbTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task It_runs_tasks_until_it_is_told_to_stop_although_the_host_has_no_worker_of_its_own()
    {
        await using var place = new Workplace();
        using var interrupts = new Interrupts();
        var running = CommandLineRun.Of(celeriac => celeriac.Broker(place.Broker).AddTasks([CommandLineRun.Add]), "", ["worker", "-Q=mail", "-c", "3", "-n", "w1@box"], interrupts);
        var result = await place.Client.SendAsync(
            new Signature<int>("math.add") { Args = new ArgumentWriter().Add(2).Add(3).Finish(), Options = new SendOptions { Queue = "mail" } }, TestContext.Current.CancellationToken);
        Assert.Equal(5, await result.GetAsync(s_patience, TestContext.Current.CancellationToken));
        interrupts.Raise(PosixSignal.SIGTERM);
        var run = await running.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(0, run.Code);
        Assert.StartsWith("w1@box v", run.Output, StringComparison.Ordinal);
        Assert.Contains($"broker       {place.Broker}", run.Output, StringComparison.Ordinal);
        Assert.Contains("results      in the broker", run.Output, StringComparison.Ordinal);
        Assert.Contains("concurrency  3,", run.Output, StringComparison.Ordinal);
        Assert.Contains("queues       mail", run.Output, StringComparison.Ordinal);
        Assert.Contains("tasks        math.add", run.Output, StringComparison.Ordinal);
        Assert.Contains("Stopping: running tasks may finish.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quiet_shows_no_banner_and_a_worker_that_is_stopped_while_it_starts_has_done_well()
    {
        using var interrupts = new Interrupts();
        interrupts.Raise(PosixSignal.SIGTERM);
        var run = await CommandLineRun.Of(celeriac => celeriac.Broker(CommandLineRun.NewBroker()), "", ["worker", "--quiet"], interrupts).WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (run.Code, run.All));
    }

    [Fact]
    public async Task A_second_interrupt_cancels_what_runs_and_gives_it_back()
    {
        await using var place = new Workplace();
        using var interrupts = new Interrupts();
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var endless = new TaskDefinition
        {
            Name = "endless",
            Method = "Tests.Endless",
            Parameters = [],
            Invoker = async invocation =>
            {
                started.TrySetResult();
                await Task.Delay(Timeout.Infinite, invocation.CancellationToken);
                return TaskInvocation.NoResult;
            },
        };
        var running = CommandLineRun.Of(celeriac => celeriac.Broker(place.Broker).AddTasks([endless]), "", ["worker"], interrupts);
        await place.Client.SendAsync(new Signature("endless"), TestContext.Current.CancellationToken);
        await started.Task.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        interrupts.Raise(PosixSignal.SIGINT);
        Assert.False(running.IsCompleted);
        interrupts.Raise(PosixSignal.SIGINT);
        Assert.Equal(0, (await running.WaitAsync(s_patience, TestContext.Current.CancellationToken)).Code);
        Assert.Equal(1, await place.ReadyAsync("celery"));
    }

    [Fact]
    public async Task The_log_level_reaches_the_worker_although_the_host_is_built()
    {
        Assert.Contains(LogLevel.Information, await LevelsAsync("info"));
        Assert.DoesNotContain(LogLevel.Information, await LevelsAsync("ERROR"));
    }

    [Fact]
    public async Task Without_a_verb_the_host_runs_as_it_was_built()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddCeleriac(celeriac => celeriac.Broker(CommandLineRun.NewBroker()));
        var host = builder.Build();
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        lifetime.ApplicationStarted.Register(() => started.SetResult());
        var running = CommandLineRun.Of(host, "", []);
        await started.Task.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        lifetime.StopApplication();
        var run = await running.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (run.Code, run.All));
    }

    private static async Task<IReadOnlyList<LogLevel>> LevelsAsync(string level)
    {
        using var recorder = new RecordingLogs();
        using var interrupts = new Interrupts();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(recorder);
        builder.Services.AddCeleriac(celeriac => celeriac.Broker(CommandLineRun.NewBroker()));
        var host = builder.Build();
        using var started = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(() => interrupts.Raise(PosixSignal.SIGTERM));
        await CommandLineRun.Of(host, "", ["worker", "-l", level], interrupts).WaitAsync(s_patience, TestContext.Current.CancellationToken);
        return recorder.Levels;
    }

    private sealed class RecordingLogs : ILoggerProvider, ILogger
    {
        private readonly List<LogLevel> _levels = [];

        public IReadOnlyList<LogLevel> Levels
        {
            get
            {
                lock (_levels)
                {
                    return [.. _levels];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => categoryName.StartsWith("Celeriac", StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_levels)
            {
                _levels.Add(logLevel);
            }
        }

        public void Dispose()
        {
        }
    }
}
