namespace Celeriac.Conformance;

/// <summary>Tasks that stand in workflows.</summary>
public static partial class WorkflowTasks
{
    /// <summary>Multiplies.</summary>
    [Task("conformance.times")]
    public static int Times(int value, int by) => value * by;

    /// <summary>Adds all of a list.</summary>
    [Task("conformance.total")]
    public static long Total(IReadOnlyList<int> values) => values.Sum(value => (long)value);

    /// <summary>Tells its gate what it was given.</summary>
    [Task("conformance.note")]
    public static string Note(string text, string gate)
    {
        ConformanceTasks.GateOf(gate).Note(text);
        return text;
    }

    /// <summary>Tells its gate of which workflow it is a part: its id, parent, root and a stamp.</summary>
    [Task("conformance.place")]
    public static string[] Place(int value, TaskContext context) =>
    [
        context.Id, context.Request.ParentId ?? "", context.Request.RootId ?? "",
        context.Request.Message.Headers["stamps"] is { Kind: Celeriac.Messaging.HeaderKind.Map } stamps ? stamps.AsMap().TextOf("batch") ?? "" : "",
    ];

    /// <summary>Fails if it is given an odd number.</summary>
    [Task("conformance.even")]
    public static int Even(int value) => value % 2 == 0 ? value : throw new InvalidOperationException($"{value} is odd");

    /// <summary>Joins a list.</summary>
    [Task("conformance.join")]
    public static string Join(IReadOnlyList<string> values) => string.Join(",", values);

    /// <summary>Adds all of a list and tells its gate.</summary>
    [Task("conformance.told_total")]
    public static int ToldTotal(IReadOnlyList<int> values, string gate)
    {
        ConformanceTasks.GateOf(gate).Note(string.Join(",", values));
        return values.Sum();
    }

    /// <summary>Fails twice, then adds.</summary>
    [Task("conformance.third_time", MaxRetries = 5)]
    public static int ThirdTime(int value, TaskContext context) =>
        context.Retries >= 2 ? value : throw context.Retry(countdown: TimeSpan.Zero);

    /// <summary>Is replaced by a countdown, then by a group, and ends as the list.</summary>
    [Task("conformance.replaced")]
    public static async Task<int[]> ReplacedAsync(int value, TaskContext context) => value > 0
        ? await context.ReplaceAsync(ReplacedTask.S(value - 1))
        : await context.ReplaceAsync(Group.Of(TimesTask.S(2, 3), ConformanceTasks.AddTask.S(1, 1) | TimesTask.Partial(10)));

    /// <summary>Adds two members to its chord.</summary>
    [Task("conformance.adding")]
    public static async Task<int> AddingAsync(int value, TaskContext context)
    {
        await context.AddToChordAsync(TimesTask.S(value, 10));
        await context.AddToChordAsync(TimesTask.S(value, 100));
        return value;
    }

    /// <summary>Waits for another task.</summary>
    [Task("conformance.impatient")]
    public static async Task<string> ImpatientAsync(int value)
    {
        var sent = await TimesTask.DelayAsync(value, 2);
        try
        {
#pragma warning disable CEL007 // That is what the fact is about.
            await sent.GetAsync();
#pragma warning restore CEL007
            return "waited";
        }
        catch (InvalidOperationException error)
        {
            return error.Message;
        }
    }

    /// <summary>Shows a number.</summary>
    [Task("conformance.text")]
    public static string Text(int value) => $"<{value}>";

    /// <summary>Answers with a tuple.</summary>
    [Task("conformance.pair")]
    public static (int Value, string? Text) Pair(int value) => (value, null);

    /// <summary>Takes a tuple.</summary>
    [Task("conformance.describe")]
    public static string Describe((int Number, string Text) pair, string end) => $"{pair.Number}-{pair.Text}{end}";

    /// <summary>An errback that asks for all that is known, and tells its gate.</summary>
    [Task("conformance.told")]
    public static void Told(FailedTask failed, string gate) => ConformanceTasks.GateOf(gate).Note(System.Text.Encoding.UTF8.GetString(TaskJson.Encode(failed).Span));

    /// <summary>Lives nowhere.</summary>
    [Task("conformance.nowhere")]
    public static partial Task<int> NowhereAsync(int value);
}
