using Celeriac;

namespace Snippets;

#region unique_tasks
public static partial class Billing
{
    // At most one waits or runs for a customer; the second caller gets the first one's id.
    [Task("billing.close", Unique = UniqueUntil.Finished, UniqueFor = 600, UniqueBy = ["customer"])]
    public static async Task CloseAsync(int customer, string reason) => await Task.Yield();

    public static async Task CallAsync()
    {
        var sent = await CloseTask.DelayAsync(7, "end of the month");
        Console.WriteLine(sent.IsDuplicate ? $"already under way as {sent.Id}" : $"sent as {sent.Id}");

        // Any task, by a key of your own.
        await CloseTask.With(options: new SendOptions { Unique = UniqueUntil.Started, UniqueKey = "nightly" }).DelayAsync(8, "night");
    }
}
#endregion

public static partial class Importing
{
    #region checkpoints
    [Task("import.rows", MaxRetries = 10)]
    public static async Task ImportAsync(string file, TaskContext context, CancellationToken cancellationToken)
    {
        // Where the last run was: after a retry, a deploy or a crash.
        var line = await context.ReadCheckpointAsync<int>(cancellationToken);
        for (; line < 1000; line++)
        {
            await File.AppendAllTextAsync(file, $"{line}\n", cancellationToken);
            await context.SaveCheckpointAsync(line + 1, cancellationToken);
        }
    }
    #endregion
}
