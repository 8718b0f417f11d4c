namespace Celeriac.CommandLine.Tests;

/// <summary>A broker that a test watches, with a worker on it where one is wanted.</summary>
internal sealed class Workplace : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _working = Task.CompletedTask;

    public Workplace() => Client = TaskClient.Open(Broker);

    public string Broker { get; } = CommandLineRun.NewBroker();

    public TaskClient Client { get; }

    public Task<CommandLineRun> RunAsync(params string[] args) => CommandLineRun.Of(Broker, args);

    public Task<CommandLineRun> AnswerAsync(string input, params string[] args) =>
        CommandLineRun.Of(celeriac => celeriac.Broker(Broker).AddTasks([CommandLineRun.Add]), input, args);

    public string Node { get; } = "w1@test";

    public void Work(params TaskDefinition[] more) => Start(new WorkerOptions(), more);

    /// <summary>With a worker that listens to remote control.</summary>
    public async Task WorkAsync(Action<WorkerOptions>? configure = null)
    {
        var options = new WorkerOptions { NodeName = Node, WithoutMingle = true };
        configure?.Invoke(options);
        var worker = Start(options);
        await worker.Ready.WaitAsync(TestContext.Current.CancellationToken);
        await worker.Listening.WaitAsync(TestContext.Current.CancellationToken);
    }

    private Worker Start(WorkerOptions options, params TaskDefinition[] more)
    {
        var worker = new Worker(Client, new TaskRegistry([CommandLineRun.Add, .. more]), options, new CeleriacOptions { BrokerUrl = Broker });
        _working = worker.RunAsync(_stop.Token);
        return worker;
    }

    /// <summary>Sends a task that nobody knows and waits until the worker has put it aside.</summary>
    public async Task<string> QuarantineAsync(string task = "no.such")
    {
        var result = await Client.SendAsync(new Signature(task), TestContext.Current.CancellationToken);
        await result.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        return result.Id;
    }

    public async Task<long> ReadyAsync(string queue) => (await Client.Transport.CountAsync(queue, TestContext.Current.CancellationToken))?.Ready ?? 0;

    public async Task StopWorkingAsync()
    {
        await _stop.CancelAsync();
        await _working;
    }

    public async ValueTask DisposeAsync()
    {
        await StopWorkingAsync();
        await Client.DisposeAsync();
        _stop.Dispose();
    }
}
