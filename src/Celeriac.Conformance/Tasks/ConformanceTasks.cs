using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Celeriac.Conformance;

/// <summary>What a task of the suite can be asked to carry.</summary>
/// <param name="Id">A number.</param>
/// <param name="Customer">A text.</param>
/// <param name="Lines">A list.</param>
/// <param name="Note">Perhaps nothing.</param>
public sealed record ConformanceOrder(int Id, string Customer, IReadOnlyList<string> Lines, string? Note);

/// <summary>The tasks that <see cref="TaskConformance{THarness}"/> runs.</summary>
public static partial class ConformanceTasks
{
    private static readonly ConcurrentDictionary<string, Gate> s_gates = new(StringComparer.Ordinal);

    /// <summary>The gate of a fact: what its tasks have done, and whether they may end.</summary>
    public static Gate GateOf(string name) => s_gates.GetOrAdd(name, static _ => new Gate());

    /// <summary>Adds.</summary>
    [Task("conformance.add")]
    public static int Add(int x, int y = 2) => x + y;

    /// <summary>Adds all.</summary>
    [Task("conformance.sum")]
    public static async Task<long> SumAsync(params int[] values)
    {
        await Task.Yield();
        return values.Sum(value => (long)value);
    }

    /// <summary>Answers what it was given.</summary>
    [Task("conformance.order")]
    public static ValueTask<ConformanceOrder> OrderAsync(ConformanceOrder order) => ValueTask.FromResult(order);

    /// <summary>Answers a text made of every simple type.</summary>
    [Task("conformance.types")]
    public static string Types(Guid id, DateTime when, DateTimeOffset moment, DateOnly day, decimal price, byte[] bytes, DayOfWeek weekday, int? maybe, Dictionary<string, int> counts, double ratio) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{id}|{when:O}|{moment.UtcDateTime:O}|{day:O}|{price}|{Convert.ToHexString(bytes)}|{weekday}|{maybe?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "null"}|{string.Join(",", counts.Select(pair => $"{pair.Key}={pair.Value}"))}|{ratio}");

    /// <summary>Notes a text at its gate, in the order of the runs.</summary>
    [Task("conformance.noted", IgnoreResult = true)]
    public static void Noted(string gate, string text)
    {
        GateOf(gate).Note(text);
        GateOf(gate).Enter();
    }

    /// <summary>Answers when it ran.</summary>
    [Task("conformance.clock")]
    public static DateTimeOffset Clock() => TimeProvider.System.GetUtcNow();

    /// <summary>Returns nothing.</summary>
    [Task("conformance.nothing")]
    public static void Nothing()
    {
    }

    /// <summary>Fails.</summary>
    [Task("conformance.fail")]
    public static int Fail(string message) => throw new InvalidOperationException(message);

    /// <summary>Answers a text of this many letters; as its state before it, too, where it is asked to.</summary>
    [Task("conformance.large")]
    public static async Task<string> LargeAsync(int letters, bool asState, TaskContext context)
    {
        var text = new string('x', letters);
        if (asState)
        {
            await context.UpdateStateAsync("LARGE", text).ConfigureAwait(false);
        }
        return text;
    }

    /// <summary>Asks to be retried until it has run so many times.</summary>
    [Task("conformance.flaky", MaxRetries = 5)]
    public static int Flaky(int succeedsAtRun, double delaySeconds, TaskContext context) =>
        context.Retries + 1 >= succeedsAtRun
            ? context.Retries + 1
            : throw context.Retry(new TimeoutException($"run {context.Retries + 1}"), TimeSpan.FromSeconds(delaySeconds));

    /// <summary>Fails with an exception that its declaration retries.</summary>
    [Task("conformance.stubborn", MaxRetries = 2, RetryOn = [typeof(IOException)], RetryDelay = 0.01)]
    public static int Stubborn(string gate)
    {
        GateOf(gate).Enter();
        throw new IOException("disk on fire");
    }

    /// <summary>Tells that it has begun, then waits for its gate or its token.</summary>
    [Task("conformance.wait")]
    public static async Task<string> WaitAsync(string gate, TaskContext context, CancellationToken cancellationToken)
    {
        GateOf(gate).Enter();
        await GateOf(gate).Opened.WaitAsync(cancellationToken);
        return context.Node;
    }

    /// <summary>Tells that it has begun, then waits for its gate whatever its token says.</summary>
    [Task("conformance.deaf")]
    public static async Task<string> DeafAsync(string gate)
    {
        GateOf(gate).Enter();
        await GateOf(gate).Opened;
        return "done";
    }

    /// <summary>The same, acknowledged before the run.</summary>
    [Task("conformance.early", AcksLate = false)]
    public static async Task<string> EarlyAsync(string gate)
    {
        GateOf(gate).Enter();
        await GateOf(gate).Opened;
        return "done";
    }

    /// <summary>Blocks its thread until its gate opens.</summary>
    [Task("conformance.block")]
    public static string Block(string gate)
    {
        GateOf(gate).Enter();
        GateOf(gate).WaitBlocking();
        return "done";
    }

    /// <summary>Passes its soft limit, if nobody opens the gate.</summary>
    [Task("conformance.soft", SoftTimeLimit = 0.1)]
    public static async Task<string> SoftAsync(string gate, CancellationToken cancellationToken)
    {
        await GateOf(gate).Opened.WaitAsync(cancellationToken);
        return "in time";
    }

    /// <summary>Passes its hard limit, if nobody opens the gate.</summary>
    [Task("conformance.hard", TimeLimit = 0.1)]
    public static async Task<string> HardAsync(string gate)
    {
        await GateOf(gate).Opened;
        return "in time";
    }

    /// <summary>Sends two tasks.</summary>
    [Task("conformance.parent")]
    public static async Task<string[]> ParentAsync()
    {
        var first = await AddTask.DelayAsync(1, 1);
        var second = await AddTask.DelayAsync(2, 2);
        return [first.Id, second.Id];
    }

    /// <summary>Writes a state of its own, then waits for its gate.</summary>
    [Task("conformance.progress")]
    public static async Task<string> ProgressAsync(string gate, TaskContext context)
    {
        await context.UpdateStateAsync("PROGRESS", new Dictionary<string, int> { ["done"] = 1, ["of"] = 4 });
        GateOf(gate).Enter();
        await GateOf(gate).Opened;
        return "done";
    }

    /// <summary>Tells its progress far more often than is written, then waits for its gate.</summary>
    [Task("conformance.steps")]
    public static async Task<int> StepsAsync(string gate, int steps, TaskContext context)
    {
        for (var step = 1; step <= steps; step++)
        {
            await context.ReportProgressAsync(step, steps, "counting");
        }
        GateOf(gate).Enter();
        await GateOf(gate).Opened;
        return steps;
    }

    /// <summary>Goes to another queue, with another priority, and answers from there.</summary>
    [Task("conformance.detour")]
    public static string Detour(string queue, TaskContext context) =>
        context.Retries == 1 ? $"{context.Node} {context.Request.Message.Priority}" : throw context.Retry(countdown: TimeSpan.Zero, queue: queue, priority: 3);

    /// <summary>Is retried once, at a time, and answers what its message carries then.</summary>
    [Task("conformance.carried")]
    public static string Carried(TaskContext context) => context.Retries == 1
        ? string.Join(' ', context.Id, context.Request.Message.Priority, context.Request.TimeLimit, context.Request.Expires is not null, context.Request.Message.Headers.TextOf("tenant"), context.Request.Message.Headers["stamps"] is { Kind: Celeriac.Messaging.HeaderKind.Map } stamps ? stamps.AsMap().TextOf("batch") : "no stamps")
        : throw context.Retry(new TimeoutException("not yet"), eta: TimeProvider.System.GetUtcNow().AddMilliseconds(300));

    /// <summary>Fails once with an exception that says when to come back, and answers how often it has run.</summary>
    [Task("conformance.busy", RetryOn = [typeof(BusyException)])]
    public static int Busy(TaskContext context) => context.Retries == 0 ? throw new BusyException() : context.Retries + 1;

    /// <summary>Leaves no trace.</summary>
    [Task("conformance.ignored")]
    public static void Ignored(string gate)
    {
        GateOf(gate).Enter();
        throw new TaskIgnoreException();
    }

    /// <summary>Refuses its message.</summary>
    [Task("conformance.rejected")]
    public static void Rejected(string reason) => throw new TaskRejectException(reason);

    /// <summary>Has no result to keep.</summary>
    [Task("conformance.unkept", IgnoreResult = true)]
    public static int Unkept(string gate)
    {
        GateOf(gate).Enter();
        return 1;
    }
}

/// <summary>Says when to try again.</summary>
public sealed class BusyException() : Exception("too many requests"), IRetryAfter
{
    /// <inheritdoc/>
    public TimeSpan? RetryAfter => TimeSpan.FromMilliseconds(50);
}

/// <summary>Where a task of the suite tells that it has begun, and waits until it may end.</summary>
public sealed class Gate
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<bool> _entered = Channel.CreateUnbounded<bool>();
    private readonly ConcurrentQueue<string> _notes = new();
    private int _count;

    /// <summary>How many runs have begun.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>What runs have noted.</summary>
    public IEnumerable<string> Notes => _notes;

    /// <summary>Keeps a text of a run.</summary>
    public void Note(string text) => _notes.Enqueue(text);

    /// <summary>Ends when the gate is opened.</summary>
    public Task Opened => _opened.Task;

    /// <summary>A run has begun.</summary>
    public void Enter()
    {
        Interlocked.Increment(ref _count);
        _entered.Writer.TryWrite(true);
    }

    /// <summary>Lets every run end.</summary>
    public void Open() => _opened.TrySetResult();

    /// <summary>Waits until another run has begun.</summary>
    public async Task EnteredAsync(TimeSpan patience) => await _entered.Reader.ReadAsync().AsTask().WaitAsync(patience);

    internal void WaitBlocking()
    {
        using var opened = new ManualResetEventSlim();
        _ = _opened.Task.ContinueWith(_ => opened.Set(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        opened.Wait();
    }
}
