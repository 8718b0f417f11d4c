using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace Celeriac.Pools.Peer;

/// <summary>A service that tasks get by dependency injection: one for each process.</summary>
public sealed class Counter
{
    private int _count;

    public int Next() => Interlocked.Increment(ref _count);
}

/// <summary>What the tests of the process pool run.</summary>
public static partial class PeerTasks
{
    private static readonly List<byte[]> s_kept = [];

    [Task("pool.add")]
    public static int Add(int x, int y) => x + y;

    [Task("pool.pid")]
    public static int Pid() => Environment.ProcessId;

    [Task("pool.fail")]
    public static int Fail(string message) => throw new ArgumentException(message);

    [Task("pool.chosen")]
    public static int Chosen() => throw new CeleryException("OutOfStock", "shop.errors", "apples", 3);

    [Task("pool.flaky", MaxRetries = 2)]
    public static int Flaky(TaskContext context) => context.Retries == 2 ? Environment.ProcessId : throw context.Retry(new TimeoutException("not yet"), TimeSpan.Zero);

    [Task("pool.stubborn", MaxRetries = 1, RetryOn = [typeof(IOException)], RetryDelay = 0.01)]
    public static int Stubborn() => throw new IOException("disk on fire");

    /// <summary>Sends a task to a queue that nobody serves; answers the span whose part it is itself.</summary>
    [Task("pool.traced")]
    public static async Task<string?> TracedAsync(string queue)
    {
        await AddTask.With(queue: queue).DelayAsync(1, 1);
        return Activity.Current?.ParentId;
    }

    /// <summary>Is retried once, and answers what its message carries then.</summary>
    [Task("pool.carried")]
    public static string Carried(TaskContext context) => context.Retries == 1
        ? string.Join(' ', context.Id, context.Request.Message.Priority, context.Request.TimeLimit, context.Request.Message.Headers.TextOf("tenant"))
        : throw context.Retry(new TimeoutException("not yet"), eta: TimeProvider.System.GetUtcNow().AddMilliseconds(50));

    /// <summary>Notes how far it is and dies; goes on where it was, and answers that.</summary>
    [Task("pool.resumed", RejectOnWorkerLost = true)]
    public static async Task<int> ResumedAsync(TaskContext context)
    {
        if (await context.ReadCheckpointAsync<int>() is > 0 and var step)
        {
            return step;
        }
        await context.SaveCheckpointAsync(7);
        Process.GetCurrentProcess().Kill();
        return 0;
    }

    /// <summary>One at a time, wherever it runs; answers when it began and ended.</summary>
    [Task("pool.narrow", ConcurrencyLimit = 1)]
    public static async Task<long[]> NarrowAsync()
    {
        var begun = TimeProvider.System.GetUtcNow().UtcTicks;
        using var work = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        await work.WaitForNextTickAsync();
        return [begun, TimeProvider.System.GetUtcNow().UtcTicks];
    }

    [Task("pool.ignored")]
    public static void Ignored() => throw new TaskIgnoreException();

    [Task("pool.rejected")]
    public static void Rejected() => throw new TaskRejectException("no");

    [Task("pool.print")]
    public static void Print(string text, int times)
    {
        for (var index = 0; index < times; index++)
        {
            Console.WriteLine(text);
        }
        // What native code writes without a line's end, and what nobody flushes, must not disturb either.
        Console.Out.Write("no end of line");
        Console.Error.WriteLine($"error {text}");
    }

    /// <summary>What a task reads from its console: nothing.</summary>
    [Task("pool.read")]
    public static string Read() => Console.In.ReadLine() ?? "(end)";

    [Task("pool.progress")]
    public static async Task<string> ProgressAsync(string gate, TaskContext context, CancellationToken cancellationToken)
    {
        await context.UpdateStateAsync("PROGRESS", new Dictionary<string, int> { ["done"] = 1 }, cancellationToken);
        context.SendEvent("task-halfway", new JsonObject { ["done"] = 1 });
        await ForAsync(gate, cancellationToken);
        return "done";
    }

    [Task("pool.wrong_state")]
    public static async Task WrongStateAsync(TaskContext context) => await context.UpdateStateAsync("SUCCESS", 1);

    [Task("pool.parent")]
    public static async Task<string> ParentAsync(int x) => (await AddTask.DelayAsync(x, 1)).Id;

    /// <summary>Ends when its token fires.</summary>
    [Task("pool.nap")]
    public static async Task NapAsync(CancellationToken cancellationToken)
    {
        Say("naps");
        await ForeverAsync(cancellationToken);
    }

    [Task("pool.soft", SoftTimeLimit = 0.5)]
    public static Task SoftAsync(CancellationToken cancellationToken) => ForeverAsync(cancellationToken);

    /// <summary>Nothing but the end of its process ends it.</summary>
    [Task("pool.spin")]
    public static void Spin()
    {
        Say("spins");
        while (true)
        {
            Thread.SpinWait(1000);
        }
    }

    [Task("pool.hard", TimeLimit = 1)]
    public static void Hard() => Spin();

    [Task("pool.die")]
    public static void Die(string how) => End(how);

    /// <summary>Dies once for each line that the ledger lacks, then succeeds.</summary>
    [Task("pool.risky", RejectOnWorkerLost = true)]
    public static int Risky(string ledger, int deaths)
    {
        File.AppendAllText(ledger, "run\n");
        var runs = File.ReadAllLines(ledger).Length;
        if (runs <= deaths)
        {
            End("kill");
        }
        return runs;
    }

    /// <summary>Keeps memory for good.</summary>
    [Task("pool.keep")]
    public static int Keep(int mebibytes)
    {
        for (var index = 0; index < mebibytes; index++)
        {
            var block = new byte[1 << 20];
            Array.Fill(block, (byte)1);
            s_kept.Add(block);
        }
        return Environment.ProcessId;
    }

    private static void End(string how)
    {
        switch (how)
        {
            case "exit":
                Environment.Exit(3);
                break;
            case "failfast":
                Environment.FailFast("the task wanted it");
                break;
            case "native":
                _ = LengthOf(0);
                break;
            case "write":
                Marshal.WriteByte(new IntPtr(0x1234_5678_9000), 1);
                break;
            default:
                _ = Signal(Environment.ProcessId, int.Parse(how == "kill" ? "9" : how, CultureInfo.InvariantCulture));
                // The signal may take a moment.
                Spin();
                break;
        }
    }

    private static void Say(string what) => Console.WriteLine($"task {what} in {Environment.ProcessId}");

    private static async Task ForeverAsync(CancellationToken cancellationToken) => await Task.Delay(Timeout.Infinite, cancellationToken);

    private static async Task ForAsync(string gate, CancellationToken cancellationToken)
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!File.Exists(gate))
        {
            await pause.WaitForNextTickAsync(cancellationToken);
        }
    }

    [DllImport("libc", EntryPoint = "strlen")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint LengthOf(nint text);

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int processId, int signal);
}

/// <summary>A task built by dependency injection.</summary>
public sealed partial class CountingTasks(Counter counter, ILogger<CountingTasks> log)
{
    [Task("pool.count")]
    public int Count()
    {
        Counting(log);
        return counter.Next();
    }

    [LoggerMessage(1, LogLevel.Information, "counting in a child")]
    private static partial void Counting(ILogger logger);
}
