namespace Celeriac.Conformance;

/// <summary>Tasks whose runs are seen from outside: each writes an entry into a folder, the ledger, which outlives every process.</summary>
public static partial class LedgerTasks
{
    /// <summary>Works for a while, then enters its id.</summary>
    [Task("conformance.ledger")]
    public static async Task<string> EnterAsync(string ledger, int milliseconds, TaskContext context)
    {
        await Task.Delay(milliseconds, CancellationToken.None);
        await AppendAsync(ledger, context.Id);
        return context.Id;
    }

    /// <summary>Enters that it has begun, waits until a file named after its node appears, and answers its node.</summary>
    [Task("conformance.relay")]
    public static async Task<string> RelayAsync(string ledger, TaskContext context, CancellationToken cancellationToken)
    {
        await AppendAsync(ledger, $"begun {context.Node}");
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!File.Exists($"{ledger}.{context.Node}"))
        {
            await timer.WaitForNextTickAsync(cancellationToken);
        }
        return context.Node;
    }

    /// <summary>Enters its id, then kills its own process as SIGKILL does.</summary>
    [Task("conformance.killer")]
    public static async Task KillAsync(string ledger, TaskContext context)
    {
        await AppendAsync(ledger, context.Id);
        System.Diagnostics.Process.GetCurrentProcess().Kill();
        await Task.Delay(Timeout.Infinite, CancellationToken.None);
    }

    /// <summary>The same, acknowledged before the run: the first thing it does is to end its process.</summary>
    [Task("conformance.early_killer", AcksLate = false)]
    public static void KillEarly(string ledger, TaskContext context)
    {
        Directory.CreateDirectory(ledger);
        File.WriteAllText(Path.Combine(ledger, $"{context.Id}~{Guid.NewGuid():N}"), "");
        var self = System.Diagnostics.Process.GetCurrentProcess();
        self.Kill();
        self.WaitForExit();
    }

    /// <summary>An entry is a file of its own: unlike a line at the end of a common file, no other process can overwrite it.</summary>
    internal static async Task AppendAsync(string ledger, string entry)
    {
        Directory.CreateDirectory(ledger);
        await File.WriteAllTextAsync(Path.Combine(ledger, $"{entry}~{Guid.NewGuid():N}"), "");
    }
}
