using System.Text;
using Celeriac.Events;
using Celeriac.Messaging;

namespace Celeriac.Tests.Events;

public sealed class ClusterStateTests
{
    private readonly MovedTime _time = new();
    private readonly ClusterState _cluster;
    private readonly EventDecoder _decoder;

    public ClusterStateTests()
    {
        _cluster = new ClusterState(maxTasks: 5, maxWorkers: 2, _time);
        _decoder = new EventDecoder(new LogicalClock(), _time);
    }

    [Theory]
    [InlineData("5.2.6")]
    [InlineData("5.6")]
    public void The_whole_tour_of_a_Python_worker_gives_a_picture_without_gaps(string version)
    {
        var cluster = new ClusterState();
        var events = GoldenEvents.Decoded(version);
        events.ForEach(cluster.Apply);

        Assert.Equal(events.Count, cluster.EventCounts.Values.Sum());
        Assert.Equal(events.Select(happened => happened.TaskId).OfType<string>().Distinct().Count(), cluster.Tasks().Count);
        Assert.All(cluster.Tasks(TaskStates.Success), task => Assert.True(task is { Name: not null, Args: not null, Result: not null, Runtime: not null, Worker: "w@host", Succeeded: not null }));
        Assert.NotEmpty(cluster.Tasks(TaskStates.Success, "proj.add", "w@host"));
        Assert.Empty(cluster.Tasks(worker: "nobody@host"));
        var boom = cluster.Tasks(TaskStates.Failure, "proj.fail")[0];
        Assert.Equal("ValueError('boom', 42)", boom.Exception);
        Assert.StartsWith("Traceback", boom.Traceback, StringComparison.Ordinal);
        Assert.NotEmpty(cluster.Tasks(name: "proj.retry"));
        Assert.All(cluster.Tasks(name: "proj.retry"), retried => Assert.True(retried is { State: TaskStates.Failure, Retries: 3 } && retried.Retried < retried.Failed));
        Assert.NotEmpty(cluster.Tasks(TaskStates.Revoked));
        var worker = Assert.Single(cluster.Workers);
        Assert.Equal(("w@host", "py-celery", "Linux", 3), (worker.Hostname, worker.Software, worker.SystemName, worker.LoadAverage.Count));
        Assert.True(worker.Processed > 0);
    }

    [Fact]
    public void Events_out_of_order_add_fields_and_change_no_state()
    {
        Apply("""{"type":"task-succeeded","uuid":"t","hostname":"w@h","result":"4","runtime":0.5,"timestamp":3}""");
        Apply("""{"type":"task-started","uuid":"t","hostname":"w@h","timestamp":2}""");
        Apply("""{"type":"task-received","uuid":"t","hostname":"w@h","name":"add","args":"(2, 2)","kwargs":"{}","parent_id":"p","root_id":"r","timestamp":1}""");
        var task = _cluster.FindTask("t")!;
        Assert.Equal((TaskStates.Success, "add", "(2, 2)", "4", "p", "r"), (task.State, task.Name, task.Args, task.Result, task.ParentId, task.RootId));
        Assert.Equal([1, 2, 3], new[] { task.Received, task.Started, task.Succeeded }.Select(time => time!.Value.ToUnixTimeSeconds()));
        Assert.Equal((3, TimeSpan.FromSeconds(0.5)), (task.Timestamp.ToUnixTimeSeconds(), task.Runtime!.Value));
    }

    [Fact]
    public void A_task_that_is_retried_begins_anew()
    {
        foreach (var type in new[] { "task-received", "task-started", "task-retried", "task-received", "task-started" })
        {
            Apply($$"""{"type":"{{type}}","uuid":"t","hostname":"w@h"}""");
        }
        Assert.Equal(TaskStates.Started, _cluster.FindTask("t")!.State);
    }

    [Fact]
    public void What_a_client_sent_is_pending_and_knows_its_queue()
    {
        Apply("""{"type":"task-sent","uuid":"t","hostname":"gen1@h","name":"add","queue":"mail","exchange":"","routing_key":"mail"}""");
        var task = _cluster.FindTask("t")!;
        Assert.Equal((TaskStates.Pending, "gen1@h", null, "mail"), (task.State, task.Client, task.Worker, task.Queue));
        Assert.Empty(_cluster.Workers);
    }

    [Fact]
    public void An_event_of_a_programs_own_gives_a_state_of_its_name()
    {
        Apply("""{"type":"task-progress","uuid":"t","hostname":"w@h"}""");
        Assert.Equal("PROGRESS", _cluster.FindTask("t")!.State);
    }

    [Fact]
    public void A_worker_lives_for_twice_the_time_between_its_heartbeats()
    {
        Apply("""{"type":"worker-heartbeat","hostname":"w@h","freq":2.0,"active":3}""");
        _time.Move(TimeSpan.FromSeconds(3.9));
        Assert.True(_cluster.FindWorker("w@h")!.IsAlive);
        _time.Move(TimeSpan.FromSeconds(0.2));
        Assert.False(_cluster.FindWorker("w@h")!.IsAlive);
        Apply("""{"type":"task-started","hostname":"w@h","uuid":"t"}""");
        Assert.True(_cluster.FindWorker("w@h") is { IsAlive: true, Active: 3 });
    }

    [Fact]
    public void A_worker_that_says_goodbye_is_gone_at_once()
    {
        Apply("""{"type":"worker-online","hostname":"w@h","freq":2.0}""");
        Apply("""{"type":"worker-offline","hostname":"w@h","freq":2.0}""");
        Assert.False(Assert.Single(_cluster.Workers).IsAlive);
    }

    [Fact]
    public void Only_what_changed_last_is_kept()
    {
        for (var number = 0; number < 8; number++)
        {
            Apply($$"""{"type":"task-received","uuid":"t{{number}}","hostname":"w{{number}}@h"}""");
            Apply("""{"type":"task-started","uuid":"t0","hostname":"w0@h"}""");
        }
        Assert.Equal(["t0", "t7", "t6", "t5", "t4"], _cluster.Tasks().Select(task => task.Id));
        Assert.Equal(["w0@h", "w7@h"], _cluster.Workers.Select(worker => worker.Hostname));
    }

    [Fact]
    public void Texts_and_names_of_any_length_take_bounded_space()
    {
        Apply($$"""{"type":"task-failed","uuid":"t","hostname":"w@h","traceback":"{{new string('x', 100_000)}}"}""");
        Apply($$"""{"type":"task-failed","uuid":"{{new string('x', 1_000)}}","hostname":"{{new string('h', 1_000)}}"}""");
        Assert.Equal(10_001, Assert.Single(_cluster.Tasks()).Traceback!.Length);
        Assert.Single(_cluster.Workers);
    }

    private void Apply(string json)
    {
        foreach (var happened in _decoder.Decode(new Message { Body = Encoding.UTF8.GetBytes(json) }))
        {
            _cluster.Apply(happened);
        }
    }

    private sealed class MovedTime : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(1_795_326_265);

        public override DateTimeOffset GetUtcNow() => _now;

        public void Move(TimeSpan by) => _now += by;
    }
}
