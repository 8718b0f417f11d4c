using Celeriac.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Celeriac.Tests.Hosting;

[Collection(DefaultClientCollection.Name)]
public sealed class HostTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_task_runs_on_the_hosts_worker_and_its_result_comes_back()
    {
        var builder = HostingApp.Builder();
        builder.Services.AddCeleriac(celeriac => celeriac.Broker(HostingApp.NewBroker()).AddTasks([HostingApp.Add]).AddWorker(worker => worker.Concurrency = 2));
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var result = await TaskClient.Current.SendAsync(HostingApp.AddOf(2, 3), TestContext.Current.CancellationToken);
        Assert.Equal(5, await result.GetAsync(s_patience, TestContext.Current.CancellationToken));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Without_AddWorker_nothing_consumes()
    {
        var builder = HostingApp.Builder();
        builder.Services.AddCeleriac(celeriac => celeriac.Broker(HostingApp.NewBroker()).AddTasks([HostingApp.Add]));
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await TaskClient.Current.SendAsync(HostingApp.AddOf(2, 3), TestContext.Current.CancellationToken);
        var counts = await TaskClient.Current.Transport.CountAsync("celery", TestContext.Current.CancellationToken);
        Assert.Equal((1, 0L), (counts!.Ready, counts.Consumers));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_stopping_host_lets_a_running_task_finish()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var finish = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var broker = HostingApp.NewBroker();
        await using var watcher = TaskClient.Open(broker);
        var builder = HostingApp.Builder();
        builder.Services.AddCeleriac(celeriac => celeriac.Broker(broker).AddWorker().AddTasks([Slow(started, finish)]));
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var result = await watcher.SendAsync(new Signature("slow"), TestContext.Current.CancellationToken);
        await started.Task.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        var stopping = host.StopAsync(TestContext.Current.CancellationToken);
        Assert.False(stopping.IsCompleted);
        finish.SetResult();
        await stopping.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal("SUCCESS", await result.StateAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_host_whose_patience_ends_first_cancels_its_tasks_and_gives_their_messages_back()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var broker = HostingApp.NewBroker();
        await using var watcher = TaskClient.Open(broker);
        var builder = HostingApp.Builder();
        builder.Services.AddCeleriac(celeriac => celeriac.Broker(broker).AddWorker(worker => worker.ShutdownTimeout = TimeSpan.FromHours(1)).AddTasks([Slow(started, new TaskCompletionSource())]));
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await watcher.SendAsync(new Signature("slow"), TestContext.Current.CancellationToken);
        await started.Task.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        using var patience = new CancellationTokenSource();
        var stopping = host.StopAsync(patience.Token);
        await patience.CancelAsync();
        await stopping.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(1, (await watcher.Transport.CountAsync("celery", TestContext.Current.CancellationToken))!.Ready);
    }

    [Fact]
    public async Task A_host_starts_while_its_broker_is_away()
    {
        var builder = HostingApp.Builder();
        var away = new AwayTransport();
        builder.Services.AddSingleton<ITransport>(away);
        builder.Services.AddCeleriac(celeriac => celeriac.Broker("memory://away").ResultBackend("disabled://").AddWorker());
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken).WaitAsync(s_patience, TestContext.Current.CancellationToken);
        await away.Asked.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        await host.StopAsync(TestContext.Current.CancellationToken).WaitAsync(s_patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Without_a_host_a_client_and_a_worker_do()
    {
        var options = new CeleriacOptions { BrokerUrl = HostingApp.NewBroker() };
        await using var client = TaskClient.Open(options);
        var worker = new Worker(client, new TaskRegistry([HostingApp.Add]), new WorkerOptions(), options);
        using var stop = new CancellationTokenSource();
        var working = worker.RunAsync(stop.Token);
        var result = await client.SendAsync(HostingApp.AddOf(20, 22), TestContext.Current.CancellationToken);
        Assert.Equal(42, await result.GetAsync(s_patience, TestContext.Current.CancellationToken));
        await stop.CancelAsync();
        await working.WaitAsync(s_patience, TestContext.Current.CancellationToken);
    }

    private static TaskDefinition Slow(TaskCompletionSource started, TaskCompletionSource finish) => new()
    {
        Name = "slow",
        Method = "Tests.Slow",
        Parameters = [],
        Invoker = async invocation =>
        {
            started.TrySetResult();
            await finish.Task.WaitAsync(invocation.CancellationToken);
            return TaskInvocation.NoResult;
        },
    };
}
