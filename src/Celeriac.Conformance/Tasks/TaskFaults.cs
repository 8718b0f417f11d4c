using System.Collections.Concurrent;
using System.Diagnostics;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

/// <summary>
/// A running worker and a running caller on a broker that goes and comes and behind a network that fails: all go on by themselves, nothing that
/// was confirmed is lost. The broker is the fact's own, because facts stop it; they must not run beside facts that watch the clock.
/// </summary>
/// <param name="harness">The place of this fact.</param>
public abstract class TaskFaults(FaultHarness harness) : IAsyncLifetime
{
    private const int Limit = 180_000;
    private const int LongLimit = 3_600_000;
    private const int Tasks = 50;

    private TaskClient Client => harness.Client;
    private TimeSpan Patience => harness.Patience;
    private Gate Gate => ConformanceTasks.GateOf(harness.Queue);
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => harness.StartAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Gate.Open();
        await harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A reset under worker and caller.</summary>
    [Fact(Timeout = Limit)]
    public async Task All_results_arrive_after_the_connections_are_cut_while_fifty_tasks_run()
    {
        var worker = await harness.StartWorkerAsync(options => options.Concurrency = Tasks);
        var sent = await SendWaitingAsync();
        var accepted = harness.Network.Accepted;
        await harness.Network.CutAsync();
        // Caller and worker are back; what ran has lost its message, which comes again and waits for a slot.
        await EventuallyAsync(() => harness.Network.Accepted >= accepted + 2 && Client.Transport.Health.State == ConnectionState.Connected);
        Gate.Open();

        await AllArriveAsync(sent, worker.Node);
    }

    /// <summary>No reset, no answer: only the missing heartbeat tells.</summary>
    [Fact(Timeout = Limit)]
    public async Task All_results_arrive_after_the_network_swallowed_everything_while_fifty_tasks_ran()
    {
        var worker = await harness.StartWorkerAsync(options => options.Concurrency = Tasks);
        var sent = await SendWaitingAsync();
        var accepted = harness.Network.Accepted;
        harness.Network.BlackHole();
        // Each notices for itself, and tries again.
        await EventuallyAsync(() => Client.Transport.Health.State != ConnectionState.Connected && harness.Network.Accepted >= accepted + 2);
        harness.Network.Restore();
        Gate.Open();

        await AllArriveAsync(sent, worker.Node);
    }

    /// <summary>The order in which things are started does not matter.</summary>
    [Fact(Timeout = Limit)]
    public async Task Worker_and_caller_that_are_started_before_the_broker_go_on_once_it_is_there()
    {
        await harness.StopBrokerAsync(kill: false);
        var worker = new Worker(harness.OpenClient(), new TaskRegistry([.. CeleriacTasks.All.Where(task => !LimitTasks.NeedsState(task))]), new WorkerOptions { NodeName = "early@test" }, new CeleriacOptions());
        using var stop = new CancellationTokenSource();
        var working = worker.RunAsync(stop.Token);

        var began = Stopwatch.GetTimestamp();
        var calls = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Assert.ThrowsAnyAsync<TransportException>(async () => await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1)))));
        // publish_timeout is 3 s; calls that begin together wait together.
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 10);
        Assert.All(calls, failure => Assert.Contains("is not connected", failure.Message, StringComparison.Ordinal));
        Assert.False(working.IsCompleted);

        await harness.StartBrokerAsync();
        await worker.Ready.WaitAsync(Patience, Cancelled);
        Assert.Equal(2, await (await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1))).GetAsync(Patience));
        await stop.CancelAsync();
        await working.WaitAsync(Patience, Cancelled);
    }

    /// <summary>The broker is stopped and killed in turn, under load, again and again.</summary>
    [Fact(Timeout = LongLimit)]
    public async Task Nothing_confirmed_is_lost_and_no_consumer_is_stuck_over_restarts_in_a_row()
    {
        var ledger = harness.NewFolder();
        await harness.StartWorkerAsync();
        var (confirmed, unanswered) = (new ConcurrentBag<AsyncResult<string>>(), new ConcurrentDictionary<string, AsyncResult<string>>());
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var callers = Enumerable.Range(0, 4).Select(_ => CallAsync(ledger, confirmed, unanswered, enough.Token)).ToArray();
        for (var restart = 0; restart < Restarts; restart++)
        {
            var before = confirmed.Count;
            await EventuallyAsync(() => confirmed.Count > before + 20);
            await harness.StopBrokerAsync(kill: restart % 2 == 1);
            await harness.StartBrokerAsync();
            await ComesBackAsync(ledger, restart);
        }
        await enough.CancelAsync();
        await Task.WhenAll(callers);

        await EventuallyAsync(() => HaveRun(ledger) is var done && confirmed.All(task => done.Contains(task.Id)));
        // A result that was awaited is kept for a while only: nobody asks for it again.
        await ArrivesOrSaysSoAsync(unanswered.Values);
    }

    private int Restarts => int.TryParse(Environment.GetEnvironmentVariable("CELERIAC_RESTARTS"), out var asked) && asked > 0 ? asked : harness.Restarts;

    private async Task<AsyncResult<string>[]> SendWaitingAsync()
    {
        var sent = await Task.WhenAll(Enumerable.Range(0, Tasks).Select(_ => Client.SendAsync(ConformanceTasks.WaitTask.S(harness.Queue)).AsTask()));
        await EventuallyAsync(() => Gate.Count == Tasks);
        return sent;
    }

    private async Task AllArriveAsync(AsyncResult<string>[] sent, string node)
    {
        var results = await Task.WhenAll(sent.Select(task => task.GetAsync(Patience).AsTask()));
        Assert.All(results, result => Assert.Equal(node, result));
    }

    /// <summary>Calls until it is enough. A call that fails while the broker is away says so; one whose outcome is unknown names its id.</summary>
    private async Task CallAsync(
        string ledger, ConcurrentBag<AsyncResult<string>> confirmed, ConcurrentDictionary<string, AsyncResult<string>> unanswered, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            try
            {
                var sent = await Client.SendAsync(LedgerTasks.EnterTask.S(ledger, 5), CancellationToken.None);
                confirmed.Add(sent);
                unanswered[sent.Id] = sent;
                Assert.Equal(sent.Id, await sent.GetAsync(TimeSpan.FromMilliseconds(500), CancellationToken.None));
                unanswered.TryRemove(sent.Id, out _);
            }
            catch (PublishUnknownException unknown)
            {
                Assert.NotNull(unknown.MessageId);
                Assert.Contains(unknown.MessageId, unknown.Message, StringComparison.Ordinal);
            }
            catch (Exception error) when (error is TransportException or TimeoutException)
            {
                // Said in words; the next call tries again.
            }
        }
    }

    /// <summary>After a restart a call comes through from end to end: worker, caller and reply consumer have all come back.</summary>
    private async Task ComesBackAsync(string ledger, int restart)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                var sent = await Client.SendAsync(LedgerTasks.EnterTask.S(ledger, 0), Cancelled);
                Assert.Equal(sent.Id, await sent.GetAsync(TimeSpan.FromSeconds(5), Cancelled));
                return;
            }
            catch (Exception error) when (error is TransportException or TimeoutException)
            {
                Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"No call came through within {Patience.TotalSeconds} s of restart {restart + 1}: {error.Message}");
            }
        }
    }

    /// <summary>A reply may be lost with the broker; then the wait for it ends in words, with the id.</summary>
    private static async Task ArrivesOrSaysSoAsync(IEnumerable<AsyncResult<string>> confirmed) => await Task.WhenAll(confirmed.Select(async task =>
    {
        try
        {
            Assert.Equal(task.Id, await task.GetAsync(TimeSpan.FromSeconds(2), Cancelled));
        }
        catch (TimeoutException lost)
        {
            Assert.Contains(task.Id, lost.Message, StringComparison.Ordinal);
            Assert.Contains("may be lost", lost.Message, StringComparison.Ordinal);
        }
    }));

    private static HashSet<string> HaveRun(string ledger) =>
        Directory.Exists(ledger) ? [.. Directory.EnumerateFiles(ledger).Select(file => Path.GetFileName(file).Split('~')[0])] : [];

    private async Task EventuallyAsync(Func<bool> condition, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string expectation = "")
    {
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"Not within {Patience.TotalSeconds} s: {expectation}.");
            await timer.WaitForNextTickAsync(Cancelled);
        }
    }
}
