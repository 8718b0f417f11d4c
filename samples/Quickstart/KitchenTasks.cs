namespace Celeriac.Samples.Quickstart;

/// <summary>Ordinary methods. The attribute makes each a task, and gives it a handle: <c>Add</c> → <c>AddTask</c>.</summary>
internal static partial class KitchenTasks
{
    /// <summary>How long a loaf bakes.</summary>
    public static readonly TimeSpan BakingTime = TimeSpan.FromSeconds(1);

    [Task("kitchen.add")]
    public static int Add(int x, int y) => x + y;

    [Task("kitchen.divide")]
    public static int Divide(int x, int y) => x / y;

    /// <summary>Nobody answers the first two times.</summary>
    [Task("kitchen.call", MaxRetries = 3)]
    public static string Call(string name, TaskContext context) =>
        context.Retries < 2
            ? throw context.Retry(new TimeoutException($"{name} does not answer"), countdown: TimeSpan.FromMilliseconds(200))
            : $"{name} answers at call {context.Retries + 1}";

    /// <summary>Bakes a loaf, and keeps a diary of it: who began, who finished. Answers the process that finished.</summary>
    [Task("kitchen.bake")]
    public static async Task<int> BakeAsync(string diary, CancellationToken cancellationToken)
    {
        await File.AppendAllLinesAsync(diary, [$"process {Environment.ProcessId} puts the loaf in"], cancellationToken);
        await Task.Delay(BakingTime, cancellationToken);
        await File.AppendAllLinesAsync(diary, [$"process {Environment.ProcessId} takes it out"], cancellationToken);
        return Environment.ProcessId;
    }
}
