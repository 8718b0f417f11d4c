using System.Diagnostics;

namespace Celeriac.Samples.Quickstart;

/// <summary>Four short acts. Each is what an application would do, with a word about what happened.</summary>
internal sealed class Story(TaskClient client, TemporaryFolder folder)
{
    private const int MoreCalls = 25;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        using var current = client.Use();
        var time = Stopwatch.StartNew();
        Narrator.Line($"[bold]Celeriac: a C# method runs as a task in another process[/]");
        Narrator.Line($"[aqua]A[/] is this process, {Environment.ProcessId}: it asks. [yellow]B[/] is a worker process: it does the work. Between them: {client.Transport.Name}");

        await using (var worker = await ResultAsync(cancellationToken))
        {
            await FailureAsync(worker, cancellationToken);
            await RetryAsync(worker, cancellationToken);
            await KillAsync(worker, cancellationToken);
        }

        Narrator.Line($"");
        Narrator.Line($"[bold]That was everything, in {time.Elapsed.TotalSeconds:0.0} s.[/] Where to go next:");
        Narrator.Line($"   samples/Quickstart/KitchenTasks.cs                 the four tasks; Story.cs calls them");
        Narrator.Line($"   dotnet run -c Release --project samples/WordCount  thousands of files, several workers");
        Narrator.Line($"   docs/guide.md                                      how to do this in a program of your own");
    }

    private static async Task<WorkerProcess> ResultAsync(CancellationToken cancellationToken)
    {
        Narrator.Act("A result");
        Narrator.Call("AddTask.DelayAsync(2, 3)");
        var clock = Stopwatch.StartNew();
        var sum = await KitchenTasks.AddTask.DelayAsync(2, 3, cancellationToken);
        Narrator.A($"the task is stored, as {sum.Id}, after {clock.Elapsed.TotalMilliseconds:0} ms. There is no worker yet: it waits.");

        clock.Restart();
        var worker = WorkerProcess.Start("-n", "b@%h");
        Narrator.B($"starts as process {worker.Id}, takes the task, runs Add(2, 3), replies, and acknowledges the task");
        try
        {
            var five = await AnswerAsync(sum, worker, cancellationToken);
            Narrator.A($"has [green]{five}[/], {clock.Elapsed.TotalMilliseconds:0} ms after B was started, and acknowledges the reply");

            clock.Restart();
            for (var number = 1; number <= MoreCalls; number++)
            {
                sum = await KitchenTasks.AddTask.DelayAsync(number, number, cancellationToken);
                five = await AnswerAsync(sum, worker, cancellationToken);
            }
            Narrator.A($"asks {MoreCalls} times more, one call after the other: the last answer is [green]{five}[/], and each took {clock.Elapsed.TotalMilliseconds / MoreCalls:0.0} ms, there and back");
            return worker;
        }
        catch
        {
            await worker.DisposeAsync();
            throw;
        }
    }

    private static async Task FailureAsync(WorkerProcess worker, CancellationToken cancellationToken)
    {
        Narrator.Act("A failure");
        Narrator.Call("DivideTask.DelayAsync(1, 0)");
        var quotient = await KitchenTasks.DivideTask.DelayAsync(1, 0, cancellationToken);
        try
        {
            var nonsense = await AnswerAsync(quotient, worker, cancellationToken);
            throw new InvalidOperationException($"1 / 0 is said to be {nonsense}.");
        }
        catch (RemoteTaskException error)
        {
            Narrator.A($"catches a RemoteTaskException: [red]{error.RemoteType}[/], “{error.RemoteMessage}”. The traceback is B's, as text:");
            Narrator.Quote((error.Traceback ?? "(none)").ReplaceLineEndings("\n").TrimEnd().Split('\n'));
        }
    }

    private async Task RetryAsync(WorkerProcess worker, CancellationToken cancellationToken)
    {
        Narrator.Act("A retry");
        Narrator.Call("CallTask.DelayAsync(\"the miller\")");
        var clock = Stopwatch.StartNew();
        var call = await KitchenTasks.CallTask.DelayAsync("the miller", cancellationToken);
        var place = client.Transport.Capabilities.Delay ? "in the broker, not in B's memory" : "in B's memory, because this broker delays nothing";
        Narrator.B($"nobody answers: the task throws context.Retry(…), and waits at least 200 ms {place}; and once more");
        var answer = await AnswerAsync(call, worker, cancellationToken);
        Narrator.A($"has “[green]{answer}[/]” after {clock.Elapsed.TotalMilliseconds:0} ms: three runs under one id, {call.Id}");
    }

    private async Task KillAsync(WorkerProcess worker, CancellationToken cancellationToken)
    {
        Narrator.Act("A worker is killed, and started again");
        var diary = folder.PathOf("diary.txt");
        Narrator.Call("BakeTask.DelayAsync(diary)");
        var loaf = await KitchenTasks.BakeTask.DelayAsync(diary, cancellationToken);
        await worker.WhileWorkingAsync(BegunAsync(diary, cancellationToken));
        Narrator.B($"bakes; it takes {KitchenTasks.BakingTime.TotalSeconds:0} s");
        await Task.Delay(KitchenTasks.BakingTime / 2, cancellationToken);
        await worker.KillAsync();
        Narrator.Note($"[red]SIGKILL[/] to process {worker.Id}, halfway through");

        Narrator.A($"has no answer, but nothing is lost: the broker keeps the task until it is acknowledged{await CountsAsync(cancellationToken)}");
        var clock = Stopwatch.StartNew();
        await using var successor = WorkerProcess.Start("-n", "b@%h");
        Narrator.B($"starts again, as process {successor.Id}. The dead worker's hold on the task ends, and it is free to take");
        var baker = await AnswerAsync(loaf, successor, cancellationToken);
        Narrator.A($"has the answer of process [green]{baker}[/], {clock.Elapsed.TotalSeconds:0.0} s after the second start. The task's own diary:");
        Narrator.Quote(await File.ReadAllLinesAsync(diary, cancellationToken));
        Narrator.Note($"It began twice: “at least once” is the promise, so write tasks that may run again.");
        await successor.StopAsync(cancellationToken);
        Narrator.B($"is asked to stop, finishes what it has, and ends with exit code 0");
    }

    /// <summary>What the broker has, where it tells so much.</summary>
    private async Task<string> CountsAsync(CancellationToken cancellationToken) =>
        client.Transport.Capabilities.CountsUnacknowledged && await client.Transport.CountAsync(client.DefaultQueue, cancellationToken) is { } counts
            ? $" (waiting: {counts.Ready}, taken and not acknowledged: {counts.Unacknowledged})"
            : "";

    private static Task<T> AnswerAsync<T>(AsyncResult<T> result, WorkerProcess worker, CancellationToken cancellationToken) =>
        worker.WhileWorkingAsync(result.GetAsync(s_patience, cancellationToken).AsTask());

    /// <summary>Waits until the task has written the first line of its diary.</summary>
    private static async Task<bool> BegunAsync(string diary, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (!File.Exists(diary))
        {
            if (clock.Elapsed > s_patience)
            {
                throw new TimeoutException($"No worker has begun to bake within {s_patience.TotalSeconds} s.");
            }
            await Task.Delay(20, cancellationToken);
        }
        return true;
    }
}
