using Microsoft.Extensions.Logging;

namespace Celeriac.Conformance;

/// <summary>
/// The second process of the task facts. Arguments: the broker's URL, the result backend or <c>-</c>, the queue and the node name. Commands, a line each:
/// <c>work</c> starts a worker and answers <c>working</c> · <c>stop</c> stops it and answers <c>stopped</c> ·
/// <c>send COUNT LEDGER MILLISECONDS</c> answers <c>sent ID</c> for each and <c>done</c> · <c>exit</c> ends. Each log line is said as <c>log ID</c>.
/// </summary>
public static class TaskPeerProgram
{
    /// <summary>Obeys until <c>exit</c> or the end of the input.</summary>
    public static async Task<int> RunAsync(string url, string backend, string queue, string node)
    {
        using var logs = LoggerFactory.Create(builder => builder.AddProvider(new SayingProvider()));
        var options = new CeleriacOptions { BrokerUrl = url, ResultBackend = backend == "-" ? null : backend, DefaultQueue = queue };
        await using var client = TaskClient.Open(options, new Celeriac.Messaging.TransportContext { LoggerFactory = logs });
        await client.Transport.ConnectAsync();
        using var stop = new CancellationTokenSource();
        var work = Task.CompletedTask;
        Say("ready");
        while (await Console.In.ReadLineAsync() is { } command && command != "exit")
        {
            switch (command.Split(' '))
            {
                case ["work"]:
                    var worker = new Worker(client, new TaskRegistry([.. CeleriacTasks.All.Where(task => client.State is not null || !LimitTasks.NeedsState(task))]), new WorkerOptions { Concurrency = 8, NodeName = node, ConcurrencyLease = TimeSpan.FromSeconds(2) }, options, logs: logs);
                    work = worker.RunAsync(stop.Token);
                    await worker.Ready;
                    Say("working");
                    break;
                case ["stop"]:
                    await stop.CancelAsync();
                    await work;
                    Say("stopped");
                    break;
                case ["send", var count, var ledger, var milliseconds]:
                    for (var number = 0; number < int.Parse(count, System.Globalization.CultureInfo.InvariantCulture); number++)
                    {
                        var signature = LedgerTasks.EnterTask.S(ledger, int.Parse(milliseconds, System.Globalization.CultureInfo.InvariantCulture));
                        Say($"sent {(await client.SendAsync(signature)).Id}");
                    }
                    Say("done");
                    break;
                default:
                    Say($"error The peer does not know '{command}'.");
                    break;
            }
        }
        return 0;
    }

    private static void Say(string line) => Console.Out.WriteLine(line);

    private sealed class SayingProvider : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new SayingLogger();

        public void Dispose()
        {
        }
    }

    private sealed class SayingLogger : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Say($"log {eventId.Id}");
    }
}
