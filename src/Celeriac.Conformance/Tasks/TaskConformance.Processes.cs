using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TaskConformance<THarness>
{
    private const int LongLimit = 300_000;

    /// <summary>A worker may die at any point: every task still runs, and each result is there.</summary>
    [Fact(Timeout = LongLimit)]
    public async Task A_worker_killed_again_and_again_loses_no_task()
    {
        if (!SharesProcesses())
        {
            return;
        }
        const int Tasks = 240;
        var ledger = Harness.NewFolder();
        await using var client = Harness.OpenClient(QuickUrl);
        var sent = await Task.WhenAll(Enumerable.Range(0, Tasks).Select(_ => client.SendAsync(LedgerTasks.EnterTask.S(ledger, 40)).AsTask()));
        await using var steady = await StartWorkerProcessAsync("steady@test");
        for (var round = 1; round <= 3; round++)
        {
            await using var victim = await StartWorkerProcessAsync($"victim{round}@test");
            await Eventually(() => Task.FromResult(Entries(ledger).Count >= round * Tasks / 5));
            await victim.KillAsync();
        }
        foreach (var task in sent)
        {
            Assert.Equal(task.Id, await task.GetAsync(TimeSpan.FromSeconds(60)));
        }
        var runs = Entries(ledger).GroupBy(id => id).ToDictionary(group => group.Key, group => group.Count());

        Assert.Equal(sent.Select(task => task.Id).Order(StringComparer.Ordinal), runs.Keys.Order(StringComparer.Ordinal));
        // What was in flight at a kill may run twice, and nothing else: eight slots a kill.
        Assert.InRange(runs.Values.Sum() - Tasks, 0, 3 * 8);
    }

    /// <summary>What a caller was told is sent, is sent.</summary>
    [Fact(Timeout = LongLimit)]
    public async Task A_caller_killed_while_it_sends_loses_nothing_that_was_confirmed()
    {
        if (!SharesProcesses())
        {
            return;
        }
        var ledger = Harness.NewFolder();
        await using var caller = await StartPeerAsync("caller@test");
        await caller.SendAsync($"send 100000 {ledger} 0");
        var confirmed = new List<string>();
        while (confirmed.Count < 50)
        {
            confirmed.Add(await caller.WaitForAsync("sent"));
        }
        confirmed.AddRange((await caller.KillAsync()).Where(line => line.StartsWith("sent ", StringComparison.Ordinal) && line.Length > 36).Select(line => line[5..]));
        await using var worker = await StartWorkerProcessAsync("worker@test");
        await NothingIsLeftAsync();

        // A broker that does not count what is handed out shows an empty queue while the last ones run.
        await Eventually(() => Task.FromResult(!confirmed.Except(Entries(ledger)).Any()), "every confirmed task has run");
        if (Harness.ResultBackend != "rpc://")
        {
            Assert.Equal(confirmed[^1], await Client.Result<string>(confirmed[^1]).GetAsync(Patience));
        }
    }

    /// <summary>Fencing: who froze past its lease has lost its tasks, and its late outcome is refused.</summary>
    [Fact(Timeout = LongLimit)]
    public async Task A_worker_frozen_past_its_lease_has_its_late_outcome_refused()
    {
        if (!SharesProcesses() || OperatingSystem.IsWindows())
        {
            return;
        }
        var ledger = Harness.NewFolder();
        await using var client = Harness.OpenClient(QuickUrl);
        var sent = await client.SendAsync(LedgerTasks.RelayTask.S(ledger));
        await using var frozen = await StartWorkerProcessAsync("frozen@test");
        await Eventually(() => Task.FromResult(Entries(ledger).Contains("begun frozen@test")));
        await frozen.FreezeAsync(Transport);
        await using var second = await StartWorkerProcessAsync("second@test");
        await Eventually(() => Task.FromResult(Entries(ledger).Contains("begun second@test")));
        await File.WriteAllTextAsync($"{ledger}.second@test", "");
        Assert.Equal("second@test", await sent.GetAsync(Patience));

        await File.WriteAllTextAsync($"{ledger}.frozen@test", "");
        await frozen.ThawAsync();
        // Event 2019 is the worker's own word that its outcome was refused. A broker without fences may let a late worker believe that it was first.
        while (Can.FencedLeases && await frozen.WaitForAsync("log") != "2019")
        {
        }
        Assert.Equal("second@test", await sent.GetAsync(Patience));
        await NothingIsLeftAsync();
    }

    /// <summary>A poison pill does not kill workers for ever, and the rest of the queue is done.</summary>
    [Fact(Timeout = LongLimit)]
    public async Task A_task_that_kills_its_process_again_and_again_is_put_into_quarantine()
    {
        if (!SharesProcesses())
        {
            return;
        }
        var ledger = Harness.NewFolder();
        await using var client = Harness.OpenClient(QuickUrl);
        var pill = await client.SendAsync(LedgerTasks.KillTask.S(ledger));
        for (var death = 1; death <= 3; death++)
        {
            await using var victim = await StartWorkerProcessAsync($"victim{death}@test");
            await victim.ReadToEndAsync();
        }
        var bystander = await client.SendAsync(LedgerTasks.EnterTask.S(ledger, 0));
        await using var survivor = await StartWorkerProcessAsync("survivor@test");

        Assert.Equal(bystander.Id, await bystander.GetAsync(Patience));
        Assert.Equal("WorkerLostError", (await FailureOf(pill)).RemoteType);
        Assert.Equal("KilledWorkers", Reason(await QuarantinedAsync()));
        Assert.Equal(3, Entries(ledger).Count(entry => entry == pill.Id));
    }

    /// <summary>At most once: what ends the process is known to the broker as gone before it begins.</summary>
    [Fact(Timeout = LongLimit)]
    public async Task A_task_that_acknowledges_early_and_kills_its_process_is_not_run_again()
    {
        if (!SharesProcesses())
        {
            return;
        }
        var ledger = Harness.NewFolder();
        await using var client = Harness.OpenClient(QuickUrl);
        var pill = await client.SendAsync(LedgerTasks.KillEarlyTask.S(ledger));
        await using (var victim = await StartWorkerProcessAsync("victim@test"))
        {
            await victim.ReadToEndAsync();
        }
        var bystander = await client.SendAsync(LedgerTasks.EnterTask.S(ledger, 0));
        await using var survivor = await StartWorkerProcessAsync("survivor@test");

        Assert.Equal(bystander.Id, await bystander.GetAsync(Patience));
        await NothingIsLeftAsync();
        Assert.Single(Entries(ledger), entry => entry == pill.Id);
    }

    /// <summary>Whoever was merely in the same process as a poison pill gets its run.</summary>
    [Fact(Timeout = LongLimit)]
    public async Task The_innocent_that_died_with_a_poison_pill_are_run()
    {
        if (!SharesProcesses())
        {
            return;
        }
        const int Innocents = 12;
        var ledger = Harness.NewFolder();
        await using var client = Harness.OpenClient(QuickUrl);
        var before = await Task.WhenAll(Enumerable.Range(0, Innocents / 2).Select(_ => client.SendAsync(LedgerTasks.EnterTask.S(ledger, 400)).AsTask()));
        var pill = await client.SendAsync(LedgerTasks.KillTask.S(ledger));
        var after = await Task.WhenAll(Enumerable.Range(0, Innocents / 2).Select(_ => client.SendAsync(LedgerTasks.EnterTask.S(ledger, 400)).AsTask()));
        for (var death = 1; death <= 3; death++)
        {
            await using var victim = await StartWorkerProcessAsync($"victim{death}@test");
            await victim.ReadToEndAsync();
        }
        await using var survivor = await StartWorkerProcessAsync("survivor@test");
        foreach (var innocent in before.Concat(after))
        {
            Assert.Equal(innocent.Id, await innocent.GetAsync(Patience));
        }
        Assert.Equal("WorkerLostError", (await FailureOf(pill)).RemoteType);
        Assert.Equal("KilledWorkers", Reason(await QuarantinedAsync()));
        Assert.Equal(3, Entries(ledger).Count(entry => entry == pill.Id));
    }

    /// <summary>Where processes cannot meet, the transport says so and there is nothing more to show.</summary>
    private bool SharesProcesses()
    {
        Assert.Equal(Can.SharedBetweenProcesses, Harness.PeerAssembly is not null);
        return Can.SharedBetweenProcesses;
    }

    /// <summary>The URL with which the place notices soon that a process is dead or frozen: by a short lease, or by the heartbeat that every broker's URL understands.</summary>
    private string QuickUrl =>
        Can.FencedLeases ? Harness.ShortLeaseUrl : $"{Harness.BrokerUrl}{(Harness.BrokerUrl.Contains('?', StringComparison.Ordinal) ? '&' : '?')}heartbeat=2s";

    private async Task<PeerProcess> StartWorkerProcessAsync(string node)
    {
        var peer = await StartPeerAsync(node);
        await peer.AskAsync("work", "working");
        return peer;
    }

    private async Task<PeerProcess> StartPeerAsync(string node)
    {
        var peer = new PeerProcess(Harness.PeerAssembly!, Patience, "tasks", QuickUrl, Harness.ResultBackend ?? "-", Harness.Queue, node);
        await peer.WaitForAsync("ready");
        return peer;
    }

    private static List<string> Entries(string ledger) =>
        Directory.Exists(ledger) ? [.. Directory.EnumerateFiles(ledger).Select(entry => Path.GetFileName(entry).Split('~')[0])] : [];
}
