using System.Diagnostics;
using Celeriac.Brokers;
using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Sqlite;

namespace Celeriac.Stomp.Tests.Brokers;

/// <summary>Tasks that need shared state, on a broker that cannot delay: RabbitMQ by STOMP, with state and results in a SQLite file.</summary>
public sealed class RabbitMqSharedStateTests : StompTest
{
    private readonly Place _place = new();

    private Gate Gate => ConformanceTasks.GateOf(_place.Queue);

    public override async ValueTask InitializeAsync() => await _place.StartAsync();

    public override async ValueTask DisposeAsync()
    {
        Gate.Open();
        await _place.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact(Timeout = Limit)]
    public async Task A_second_call_of_a_unique_task_gets_the_id_and_the_result_of_the_first()
    {
        var first = await _place.Client.SendAsync(StateTasks.UniqueTask.S(_place.Queue, 1), Cancelled);
        var second = await _place.Client.SendAsync(StateTasks.UniqueTask.S(_place.Queue, 2), Cancelled);
        Assert.Equal((first.Id, true), (second.Id, second.IsDuplicate));
        await _place.StartWorkerAsync();
        Gate.Open();
        Assert.Equal(1, await second.GetAsync(Patience, Cancelled));
    }

    /// <summary>What is over a limit waits in the worker.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_concurrency_limit_holds_and_the_next_one_follows()
    {
        await _place.StartWorkerAsync();
        var sent = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _place.Client.SendAsync(LimitTasks.NarrowTask.S(_place.Queue), Cancelled).AsTask()));
        await Gate.EnteredAsync(Patience);
        await Gate.EnteredAsync(Patience);
        // It has free slots, and works.
        Assert.Equal(3, await (await _place.Client.SendAsync(ConformanceTasks.AddTask.S(1, 2), Cancelled)).GetAsync(Patience, Cancelled));
        Assert.Equal(2, Gate.Count);
        Gate.Open();
        foreach (var task in sent)
        {
            await task.GetAsync(Patience, Cancelled);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_rate_for_the_cluster_holds()
    {
        var ledger = _place.NewFolder();
        await _place.StartWorkerAsync();
        var begun = Stopwatch.StartNew();
        var sent = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _place.Client.SendAsync(LimitTasks.PacedTask.S(ledger, "acme"), Cancelled).AsTask()));
        foreach (var task in sent)
        {
            await task.GetAsync(Patience, Cancelled);
        }
        // Four a second: the fifth begins a second after the first.
        Assert.True(begun.Elapsed >= TimeSpan.FromSeconds(1), $"Five have ended after {begun.Elapsed}.");
    }

    [Fact(Timeout = Limit)]
    public async Task A_worker_that_was_away_honours_a_revocation_although_nobody_can_be_told()
    {
        var sent = await _place.Client.SendAsync(ConformanceTasks.AddTask.S(1, 1), Cancelled);
        await sent.RevokeAsync(cancellationToken: Cancelled);
        await _place.StartWorkerAsync();
        var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetAsync(Patience, Cancelled));
        Assert.Equal(TaskStates.Revoked, error.State);
    }

    [Fact(Timeout = Limit)]
    public async Task A_paused_queue_is_left_alone_until_it_is_resumed()
    {
        await _place.Client.Control.PauseAsync(_place.Queue, Cancelled);
        var side = $"{_place.Queue}-side";
        await _place.StartWorkerAsync(options => options.Queues = [_place.Queue, side]);
        var held = await _place.Client.SendAsync(ConformanceTasks.AddTask.S(1, 1), Cancelled);
        Assert.Equal(4, await (await _place.Client.SendAsync(ConformanceTasks.AddTask.S(2, 2).Set(options => options with { Queue = side }), Cancelled)).GetAsync(Patience, Cancelled));
        Assert.Equal(TaskStates.Pending, await held.StateAsync(Cancelled));
        await _place.Client.Control.ResumeAsync(_place.Queue, Cancelled);
        Assert.Equal(2, await held.GetAsync(Patience, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task A_checkpoint_is_found_again_after_a_retry()
    {
        await _place.StartWorkerAsync();
        Assert.Equal("0,1,2", await (await _place.Client.SendAsync(StateTasks.StepsTask.S(3), Cancelled)).GetAsync(Patience, Cancelled));
    }

    private sealed class Place : StompTaskHarness
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-results-");

        static Place() => Transports.Add("sqlite", new SqliteTransportFactory());

        public override string ResultBackend => $"sqlite://{_folder.FullName}/results.db";

        protected override async ValueTask<string> ServerUrlAsync() => (await TestContext.Current.GetFixture<RabbitMqFixture>())!.Server.StompUrl;

        protected override ValueTask CleanUpAsync()
        {
            _folder.Delete(recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
