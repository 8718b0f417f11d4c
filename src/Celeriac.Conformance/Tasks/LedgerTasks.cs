namespace Celeriac.Conformance;

/// <summary>Tasks whose runs are seen from outside: each writes a line into a file, the ledger, which outlives every process.</summary>
public static partial class LedgerTasks
{
    /// <summary>Works for a while, then writes its id.</summary>
    [Task("conformance.ledger")]
    public static async Task<string> EnterAsync(string ledger, int milliseconds, TaskContext context)
    {
        await Task.Delay(milliseconds, CancellationToken.None);
        await AppendAsync(ledger, context.Id);
        return context.Id;
    }

    /// <summary>Writes that it has begun, waits until a file named after its node appears, and answers its node.</summary>
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

    /// <summary>One short write at the end of the file: complete lines, also from several processes at once.</summary>
    private static async Task AppendAsync(string ledger, string line)
    {
        await using var file = new FileStream(ledger, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        await file.WriteAsync(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
    }
}
