using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Celeriac.CommandLine.Tests;

/// <summary>How the verb <c>worker</c> ends: signals, stages, exit codes.</summary>
public sealed class WorkerLifeTests : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly Workplace _place = new();
    private readonly TaskCompletionSource<CancellationToken> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public async Task SIGQUIT_lets_tasks_run_for_the_soft_timeout_and_a_second_one_cancels_them()
    {
        using var interrupts = new Interrupts();
        var running = await RunAsync(interrupts, worker => worker.SoftShutdownTimeout = TimeSpan.FromHours(1));
        var token = await _started.Task.WaitAsync(s_patience, Cancelled);
        interrupts.Raise(PosixSignal.SIGQUIT);
        Assert.False(token.IsCancellationRequested);
        interrupts.Raise(PosixSignal.SIGQUIT);
        var run = await running.WaitAsync(s_patience, Cancelled);
        Assert.True(token.IsCancellationRequested);
        Assert.Equal((0, 1L), (run.Code, await _place.ReadyAsync("celery")));
        Assert.Contains("Stopping soon: running tasks have 3600 s.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SIGQUIT_without_a_soft_timeout_gives_running_tasks_back_at_once()
    {
        using var interrupts = new Interrupts();
        var running = await RunAsync(interrupts, worker => worker.ShutdownTimeout = TimeSpan.FromHours(1));
        await _started.Task.WaitAsync(s_patience, Cancelled);
        interrupts.Raise(PosixSignal.SIGQUIT);
        Assert.Equal(0, (await running.WaitAsync(s_patience, Cancelled)).Code);
        Assert.Equal(1, await _place.ReadyAsync("celery"));
    }

    [Fact]
    public async Task Tasks_may_finish_after_SIGTERM_although_the_host_is_less_patient()
    {
        using var interrupts = new Interrupts();
        var running = await RunAsync(interrupts, worker => worker.ShutdownTimeout = TimeSpan.FromHours(1));
        var token = await _started.Task.WaitAsync(s_patience, Cancelled);
        interrupts.Raise(PosixSignal.SIGTERM);
        interrupts.Raise(PosixSignal.SIGTERM);
        await _hostIsImpatient.Task.WaitAsync(s_patience, Cancelled);
        Assert.False(token.IsCancellationRequested);
        _release.SetResult();
        Assert.Equal(0, (await running.WaitAsync(s_patience, Cancelled)).Code);
        Assert.Equal(0, await _place.ReadyAsync("celery"));
    }

    [Theory]
    [InlineData("SIGQUIT", true)]
    [InlineData("quit", true)]
    [InlineData("SIGINT", false)]
    [InlineData(null, false)]
    public void REMAP_SIGTERM_makes_SIGTERM_a_SIGQUIT(string? remap, bool isQuit)
    {
        using var interrupts = new Interrupts(Interrupts.TermIsQuit(remap));
        interrupts.Raise(PosixSignal.SIGTERM);
        Assert.Equal((true, isQuit, false), (interrupts.Stop.IsCancellationRequested, interrupts.StopSoon.IsCancellationRequested, interrupts.StopNow.IsCancellationRequested));
    }

    [Fact]
    public void SIGHUP_is_a_warm_stop()
    {
        using var interrupts = new Interrupts();
        interrupts.Raise(PosixSignal.SIGHUP);
        Assert.Equal((true, false), (interrupts.Stop.IsCancellationRequested, interrupts.StopSoon.IsCancellationRequested));
    }

    [Fact]
    public async Task After_max_tasks_the_exit_code_asks_for_a_restart_and_the_rest_stays_in_the_queue()
    {
        for (var number = 0; number < 3; number++)
        {
            await _place.Client.SendAsync(new Signature<int>("math.add") { Args = new ArgumentWriter().Add(2).Add(3).Finish() }, Cancelled);
        }
        var run = await CommandLineRun.Of(celeriac => celeriac.Broker(_place.Broker).AddTasks([CommandLineRun.Add]), "", ["worker", "--max-tasks", "2"]).WaitAsync(s_patience, Cancelled);
        Assert.Equal((CommandLineProgram.StartAgain, 1L), (run.Code, await _place.ReadyAsync("celery")));
    }

    [Theory]
    [InlineData("--autoscale", "ten", "must be the most and the least, for example 10,3")]
    [InlineData("--autoscale", "1,2", "Autoscale (worker_autoscale) is '1,2'")]
    [InlineData("--time-limit", "soon", "must be a number of seconds")]
    [InlineData("--soft-time-limit", "9999999", "SoftTimeLimit (task_soft_time_limit) is '9999999'")]
    [InlineData("--probe", "here", "must be a port or an IP address with a port")]
    public async Task What_is_wrong_with_a_flag_is_said(string flag, string value, string text)
    {
        var run = await _place.RunAsync("worker", flag, value).WaitAsync(s_patience, Cancelled);
        Assert.Equal(2, run.Code);
        Assert.Contains(text, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_probe_that_cannot_listen_is_a_failure_in_one_line()
    {
        using var other = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        var run = await _place.RunAsync("worker", "--probe", $"{((System.Net.IPEndPoint)other.LocalEndpoint).Port}").WaitAsync(s_patience, Cancelled);
        Assert.Equal(1, run.Code);
        Assert.Contains("The probe cannot listen on '127.0.0.1:", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_real_SIGUSR1_tells_the_log_what_runs()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signal.");
        using var interrupts = new Interrupts();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        interrupts.Asked = asked.SetResult;
        interrupts.ListenAsWorker();
        using var kill = System.Diagnostics.Process.Start("kill", ["-USR1", $"{Environment.ProcessId}"]);
        await asked.Task.WaitAsync(s_patience, Cancelled);
    }

    private readonly TaskCompletionSource _hostIsImpatient = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<Task<CommandLineRun>> RunAsync(Interrupts interrupts, Action<WorkerOptions> configure)
    {
        var endless = new TaskDefinition
        {
            Name = "endless",
            Method = "Tests.Endless",
            Parameters = [],
            Invoker = async invocation =>
            {
                _started.TrySetResult(invocation.CancellationToken);
                await _release.Task.WaitAsync(invocation.CancellationToken);
                return TaskInvocation.NoResult;
            },
        };
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(50));
        builder.Services.AddHostedService(_ => new Impatience(_hostIsImpatient));
        builder.Services.AddCeleriac(celeriac => celeriac.Broker(_place.Broker).AddTasks([endless]).ConfigureWorker(configure));
        var running = CommandLineRun.Of(builder.Build(), "", ["worker"], interrupts);
        await _place.Client.SendAsync(new Signature("endless"), Cancelled);
        return running;
    }

    /// <summary>Sees when the host's patience is over; started before the worker, it is stopped after it, so it watches from the beginning of the end.</summary>
    private sealed class Impatience(TaskCompletionSource over) : IHostedLifecycleService
    {
        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken)
        {
            cancellationToken.Register(over.SetResult);
            return Task.CompletedTask;
        }
    }
}
