namespace Celeriac.Bench.Acting;

/// <summary>One part in one run, in a process of its own.</summary>
internal abstract class Actor : IAsyncDisposable
{
    /// <summary>Connects and declares: what is not measured.</summary>
    public virtual Task PrepareAsync() => Task.CompletedTask;

    /// <summary>Does the measured part, from <see cref="Meter.Begin"/> to <see cref="Meter.Finish"/>.</summary>
    /// <param name="end">Fires when the others are done; who works until then answers what it has done.</param>
    public abstract Task<Report> RunAsync(CancellationToken end);

    public abstract ValueTask DisposeAsync();

    /// <summary>
    /// The conversation with the bench, one line each: the actor says <c>ready</c>, hears <c>go</c>, says <c>begin</c> and <c>done …</c>, and leaves at the end of its input.
    /// </summary>
    public static async Task PlayAsync(Actor actor)
    {
        await using var self = actor;
        await actor.PrepareAsync();
        Say("ready");
        if (await Console.In.ReadLineAsync() is null)
        {
            return;
        }
        using var end = new CancellationTokenSource();
        var ended = Task.Run(async () =>
        {
            await Console.In.ReadToEndAsync();
            await end.CancelAsync();
        });
        Say((await actor.RunAsync(end.Token)).ToString());
        await ended;
    }

    private static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
