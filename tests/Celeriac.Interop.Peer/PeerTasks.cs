using System.Text.Json;

namespace Celeriac.Interop.Peer;

/// <summary>The C# side of the interop tests. What Python calls by name, so each has one.</summary>
public static partial class PeerTasks
{
    /// <summary>All tasks of this program.</summary>
    public static IReadOnlyList<TaskDefinition> All => CeleriacTasks.All;

    [Task("cs.add")]
    public static int Add(int x, int y = 2) => x + y;

    [Task("cs.sum")]
    public static int Sum(params int[] values) => values.Sum();

    [Task("cs.total")]
    public static int Total(IReadOnlyList<int> values) => values.Sum();

    [Task("cs.echo")]
    public static JsonElement Echo(JsonElement value) => value;

    [Task("cs.order")]
    public static string Order(int orderId, string customerName, decimal unitPrice = 1.5m, IReadOnlyList<string>? lines = null) =>
        FormattableString.Invariant($"{orderId}|{customerName}|{unitPrice}|{string.Join(",", lines ?? [])}");

    /// <summary>Every simple type, each from Python's own.</summary>
    [Task("cs.typed")]
    public static Typed TypedEcho(
        int whole, long large, double ratio, decimal price, string text, bool flag, Guid id, DateTimeOffset moment, DateTime when, DateOnly day, TimeOnly time,
        int? maybe, IReadOnlyList<int> list, Dictionary<string, string> map) =>
        new(whole, large, ratio, price, text, flag, id, moment, when, day, time, maybe, list, map);

    [Task("cs.day")]
    public static string Day(DateOnly day) => FormattableString.Invariant($"{day:yyyy-MM-dd}");

    [Task("cs.bytes")]
    public static byte[] Bytes(byte[] content) => content;

    [Task("cs.fail")]
    public static int Fail(string kind, string message) => throw (kind switch
    {
        "argument" => new ArgumentException(message),
        "key" => new KeyNotFoundException(message),
        "cast" => new InvalidCastException(message),
        "notimplemented" => new NotImplementedException(message),
        "file" => new FileNotFoundException(message),
        "permission" => new UnauthorizedAccessException(message),
        "io" => new IOException(message),
        "timeout" => new TimeoutException(message),
        "division" => new DivideByZeroException(message),
        "overflow" => new OverflowException(message),
        "app" => new CeleryException("Refused", "interop_app", message, "second"),
        _ => new InvalidOperationException(message),
    });

    [Task("cs.flaky", MaxRetries = 5)]
    public static int Flaky(int succeedsAtRun, TaskContext context, double delay = 0) =>
        context.Retries + 1 >= succeedsAtRun
            ? context.Retries + 1
            : throw context.Retry(new TimeoutException($"run {context.Retries + 1}"), TimeSpan.FromSeconds(delay));

    [Task("cs.stubborn", MaxRetries = 2, RetryOn = [typeof(IOException)], RetryDelay = 0.01)]
    public static int Stubborn() => throw new IOException("disk on fire");

    /// <summary>Ends when its token fires.</summary>
    [Task("cs.nap")]
    public static async Task<string> NapAsync(double seconds, CancellationToken cancellationToken)
    {
        using var alarm = new PeriodicTimer(TimeSpan.FromSeconds(seconds));
        await alarm.WaitForNextTickAsync(cancellationToken);
        return "awake";
    }

    /// <summary>Does not look at its token.</summary>
    [Task("cs.deaf")]
    public static async Task<string> DeafAsync(double seconds)
    {
        using var alarm = new PeriodicTimer(TimeSpan.FromSeconds(seconds));
        await alarm.WaitForNextTickAsync(CancellationToken.None);
        return "awake";
    }

    [Task("cs.time")]
    public static double Time() => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;

    [Task("cs.progress")]
    public static async Task<string> ProgressAsync(TaskContext context)
    {
        await context.UpdateStateAsync("PROGRESS", new Dictionary<string, int> { ["done"] = 1, ["of"] = 4 });
        return "done";
    }

    /// <summary>Tells its progress, and ends once there is a file.</summary>
    [Task("cs.halfway", TimeLimit = 30)]
    public static async Task<string> HalfwayAsync(string gate, TaskContext context, CancellationToken cancellationToken)
    {
        await context.UpdateStateAsync("PROGRESS", new Dictionary<string, int> { ["done"] = 2, ["of"] = 4 }, cancellationToken);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!File.Exists(gate))
        {
            await pause.WaitForNextTickAsync(cancellationToken);
        }
        return "done";
    }

    [Task("cs.tracked", TrackStarted = true)]
    public static string Tracked() => "tracked";

    [Task("cs.unkept", IgnoreResult = true)]
    public static int Unkept() => 1;

    [Task("cs.ignored")]
    public static void Ignored() => throw new TaskIgnoreException();

    [Task("cs.rejected")]
    public static void Rejected() => throw new TaskRejectException("no");

    /// <summary>What the worker knows of its message.</summary>
    [Task("cs.request")]
    public static RequestSeen Request(TaskContext context)
    {
        var request = context.Request;
        return new(
            request.Id, request.RootId, request.ParentId, request.GroupId, request.ReplyTo, request.Retries, request.Eta, request.Expires, request.TimeLimit?.TotalSeconds,
            request.SoftTimeLimit?.TotalSeconds, request.Origin, request.ArgsRepr, request.KwargsRepr, request.Shadow, request.Message.Priority,
            request.Message.Headers.TextOf("x-tenant"), request.IgnoreResult, context.Node);
    }

    /// <summary>The stamps it came with, as <c>name=value</c>.</summary>
    [Task("cs.stamps")]
    public static string[] Stamps(TaskContext context, JsonElement? before = null) => [.. context.Stamps.Select(stamp => $"{stamp.Key}={stamp.Value.AsText()}")];

    /// <summary>Is replaced by a workflow of both sides.</summary>
    [Task("cs.replaced")]
    public static async Task<JsonElement> ReplacedAsync(string by, TaskContext context)
    {
        var theirs = new Signature("py.add").WithArgs(1, 2).Set(InPython);
        Signature replacement = by switch
        {
            "task" => theirs,
            "chain" => theirs | new Signature("cs.add").WithArgs(10),
            "group" => Group.Of(theirs, AddTask.S(3, 4)),
            _ => Group.Of(theirs, AddTask.S(3, 4)) | new Signature("py.sum").Set(InPython),
        };
        return await context.ReplaceAsync(replacement.As<JsonElement>());
    }

    /// <summary>Adds a Python task to its chord.</summary>
    [Task("cs.adding")]
    public static async Task<int> AddingAsync(int value, TaskContext context)
    {
        await context.AddToChordAsync(new Signature("py.add").WithArgs(value, 10).Set(InPython).As<int>());
        return value;
    }

    private static SendOptions InPython(SendOptions options) => options with { Queue = "py" };

    /// <summary>Sends a Python task from inside a C# task, and does not wait for it.</summary>
    [Task("cs.parent")]
    public static async Task<string> ParentAsync(string queue)
    {
        var child = new Signature<int>("py.add") { Options = new SendOptions { Queue = queue } };
        return (await TaskClient.Current.SendAsync((Signature<int>)(child with { Args = "[20, 1]"u8.ToArray() }))).Id;
    }

    /// <summary>An errback that asks for all that is known: a line of it goes into the ledger.</summary>
    [Task("cs.failed")]
    public static async Task FailedAsync(FailedTask failed, string ledger) =>
        await File.AppendAllTextAsync(ledger, FormattableString.Invariant($"{failed.Id} {failed.Task ?? "-"} {failed.Exception?.RemoteType ?? "-"} cs\n"));

    /// <summary>Known on both sides: whoever gets it enters it into the ledger, a folder of files.</summary>
    [Task("shared.work")]
    public static async Task<string> WorkAsync(string ledger, int number)
    {
        Directory.CreateDirectory(ledger);
        await File.WriteAllTextAsync(Path.Combine(ledger, $"{number}~cs~{Guid.NewGuid():N}"), "");
        return "cs";
    }

    /// <summary>Known on both sides: the ledger's lines are in the order of the runs.</summary>
    [Task("shared.ordered")]
    public static async Task<string> OrderedAsync(string ledger, int number)
    {
        await File.AppendAllTextAsync(ledger, FormattableString.Invariant($"{number} cs\n"));
        return "cs";
    }

    /// <summary>The same, known on this side alone.</summary>
    [Task("cs.enter")]
    public static Task<string> EnterAsync(string ledger, int number) => OrderedAsync(ledger, number);

    /// <summary>Known on both sides: enters into the ledger that a run has begun, and that it has ended.</summary>
    [Task("shared.slow")]
    public static async Task<string> SlowAsync(string ledger, int number, double seconds)
    {
        var run = Path.Combine(ledger, $"{number}~cs~{Guid.NewGuid():N}");
        await File.WriteAllTextAsync($"{run}~begun", "");
        using var alarm = new PeriodicTimer(TimeSpan.FromSeconds(seconds));
        await alarm.WaitForNextTickAsync(CancellationToken.None);
        await File.WriteAllTextAsync($"{run}~ended", "");
        return "cs";
    }
}

/// <summary>What <c>cs.typed</c> understood.</summary>
public sealed record Typed(
    int Whole, long Large, double Ratio, decimal Price, string Text, bool Flag, Guid Id, DateTimeOffset Moment, DateTime When, DateOnly Day, TimeOnly Time,
    int? Maybe, IReadOnlyList<int> List, Dictionary<string, string> Map);

/// <summary>What <c>cs.request</c> saw.</summary>
public sealed record RequestSeen(
    string Id, string? RootId, string? ParentId, string? Group, string? ReplyTo, int Retries, DateTimeOffset? Eta, DateTimeOffset? Expires, double? TimeLimit,
    double? SoftTimeLimit, string? Origin, string? ArgsRepr, string? KwargsRepr, string? Shadow, byte? Priority, string? Tenant, bool? IgnoreResult, string Node);
