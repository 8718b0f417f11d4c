using Celeriac.Sqlite.Files;

namespace Celeriac.Sqlite.Tests;

// flock belongs to the open file, not to the process: two turnstiles in one process exclude each other as two processes do.
public sealed class TurnstileTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task One_at_a_time_has_the_turn()
    {
        await using var file = new TestFile();
        using var first = new Turnstile(file.Path, Long, file.Logs);
        using var second = new Turnstile(file.Path, Long, file.Logs);
        var inside = 0;
        var most = 0;

        void Write(Turnstile turnstile)
        {
            for (var number = 0; number < 500; number++)
            {
                turnstile.Enter();
                most = Math.Max(most, Interlocked.Increment(ref inside));
                Thread.Yield();
                Interlocked.Decrement(ref inside);
                turnstile.Leave();
            }
        }
        await Task.WhenAll(OnThread(() => Write(first)), OnThread(() => Write(second)));

        Assert.Equal(1, most);
        Assert.Empty(file.Logs.Of(405));
    }

    [Fact]
    public async Task Who_just_had_the_turn_cannot_take_it_before_the_one_that_waits()
    {
        await using var file = new TestFile();
        using var greedy = new Turnstile(file.Path, Long, file.Logs);
        using var patient = new Turnstile(file.Path, Long, file.Logs);
        var order = new List<string>();
        greedy.Enter();
        var waiting = OnThread(() =>
        {
            patient.Enter();
            order.Add("patient");
            patient.Leave();
        });
        await WaitUntilNextIsTakenAsync(file.Path);

        greedy.Leave();
        greedy.Enter();
        order.Add("greedy");
        greedy.Leave();
        await waiting;

        Assert.Equal(["patient", "greedy"], order);
    }

    [Fact]
    public async Task Who_waits_too_long_goes_without_the_turn_and_has_it_again_later()
    {
        await using var file = new TestFile();
        using var stopped = new Turnstile(file.Path, Long, file.Logs);
        using var writer = new Turnstile(file.Path, TimeSpan.FromMilliseconds(20), file.Logs);
        stopped.Enter();

        writer.Enter();
        writer.Leave();
        Assert.Single(file.Logs.Of(405));
        // It stands in line already and does not wait, or warn, again.
        writer.Enter();
        writer.Leave();
        Assert.Single(file.Logs.Of(405));

        stopped.Leave();
        stopped.Enter();
        stopped.Leave();
    }

    [Fact]
    public async Task Closing_does_not_wait_for_a_turn_that_does_not_come()
    {
        await using var file = new TestFile();
        using var stopped = new Turnstile(file.Path, Long, file.Logs);
        var writer = new Turnstile(file.Path, TimeSpan.FromMilliseconds(1), file.Logs);
        stopped.Enter();
        writer.Enter();
        writer.Leave();

        writer.Dispose();
        stopped.Leave();

        // The closed one has given up its place in line too.
        await OnThread(() =>
        {
            stopped.Enter();
            stopped.Leave();
        });
        Assert.Single(file.Logs.Of(405));
    }

    private static Task OnThread(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    // The kernel tells nobody that a lock was taken: asking for it is all there is.
    private static async Task WaitUntilNextIsTakenAsync(string path)
    {
        using var probe = LockFile.Open(path + "-next");
        while (probe.TryLock())
        {
            probe.Release();
            await Task.Yield();
        }
    }
}
