using System.Text.Json.Nodes;
using Celeriac.Conformance;
using Celeriac.Events;
using Celeriac.Messaging;
using Celeriac.Tests.Protocol;

namespace Celeriac.Tests.Events;

public sealed class WorkerEventsTests
{
    private static readonly TaskDefinition s_telling = new()
    {
        Name = "test.tell",
        Method = "WorkerEventsTests.Tell",
        Parameters = [],
        Invoker = invocation =>
        {
            invocation.Context.SendEvent("task-progress", new JsonObject { ["done"] = 7 });
            return ValueTask.FromResult(TaskInvocation.Result(1));
        },
    };

    private static readonly TaskDefinition s_silent = new()
    {
        Name = "test.silent",
        Method = "WorkerEventsTests.Silent",
        Parameters = [],
        Invoker = _ => ValueTask.FromResult(TaskInvocation.Result(1)),
        Options = new TaskOptions { SendEvents = false },
    };

    [Fact(Timeout = 120_000)]
    public async Task The_life_of_a_task_is_told()
    {
        await using var stage = new EventStage();
        await stage.StartAsync();
        var result = await stage.Client.SendAsync(ConformanceTasks.AddTask.S(2, 3));
        var heard = (await stage.ListenUntilAsync("task-succeeded")).Where(happened => happened.Group == "task").ToList();
        Assert.Equal(["task-received", "task-started", "task-succeeded"], heard.Select(happened => happened.Type));
        Assert.Equal(heard.Select(happened => happened.Clock).Order(), heard.Select(happened => happened.Clock));
        var task = stage.Cluster.FindTask(result.Id)!;
        Assert.Equal((TaskStates.Success, "conformance.add", "5", EventStage.Node, result.Id), (task.State, task.Name, task.Result, task.Worker, task.RootId));
        Assert.Equal(5, await result.GetAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_retry_and_a_failure_are_told()
    {
        await using var stage = new EventStage();
        await stage.StartAsync();
        await stage.Client.SendAsync(ConformanceTasks.FlakyTask.S(2, 0));
        var heard = (await stage.ListenUntilAsync("task-succeeded")).Where(happened => happened.Group == "task").ToList();
        Assert.Equal(["task-received", "task-started", "task-retried", "task-received", "task-started", "task-succeeded"], heard.Select(happened => happened.Type));
        Assert.Equal("TimeoutError('run 1')", heard[2].Text("exception"));
        await stage.Client.SendAsync(ConformanceTasks.FailTask.S("boom"));
        var failed = (await stage.ListenUntilAsync("task-failed"))[^1];
        Assert.EndsWith("('boom')", failed.Text("exception"), StringComparison.Ordinal);
        Assert.StartsWith("Traceback", failed.Text("traceback"), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_task_that_came_too_late_and_one_that_nobody_knows_are_told()
    {
        await using var stage = new EventStage();
        await stage.StartAsync();
        await stage.Client.SendAsync(ConformanceTasks.AddTask.S(1, 1) with { Options = new SendOptions { Expires = DateTimeOffset.UnixEpoch } });
        var revoked = (await stage.ListenUntilAsync("task-revoked"))[^1];
        Assert.Equal(["clock:int", "expired:bool", "hostname:String", "pid:int", "signum:Null", "terminated:bool", "timestamp:float", "type:String", "utcoffset:int", "uuid:String"], Kinds(revoked));
        await stage.Client.SendAsync(new Signature("no.such"));
        Assert.StartsWith("NotRegistered('no.such'", (await stage.ListenUntilAsync("task-failed"))[^1].Text("exception"), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Task_events_are_off_until_they_are_asked_for()
    {
        await using var stage = new EventStage(options => options.SendTaskEvents = false);
        await stage.StartAsync();
        await (await stage.Client.SendAsync(ConformanceTasks.AddTask.S(2, 3))).GetAsync(TimeSpan.FromSeconds(60));
        Assert.True(stage.Worker.State.Events.EnableTaskEvents());
        Assert.False(stage.Worker.State.Events.EnableTaskEvents());
        var second = await stage.Client.SendAsync(ConformanceTasks.AddTask.S(2, 3));
        var heard = await stage.ListenUntilAsync("task-succeeded");
        Assert.All(heard.Where(happened => happened.Group == "task"), happened => Assert.Equal(second.Id, happened.TaskId));
        Assert.True(stage.Worker.State.Events.DisableTaskEvents());
        Assert.False(stage.Worker.State.Events.SendsTaskEvents);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_worker_says_hello_beats_and_says_goodbye()
    {
        await using var stage = new EventStage(options => options.HeartbeatInterval = TimeSpan.FromSeconds(0.1));
        await stage.StartAsync();
        var heard = await stage.ListenUntilAsync("worker-heartbeat");
        Assert.Equal("worker-online", heard[0].Type);
        Assert.True(Assert.Single(stage.Cluster.Workers) is { Hostname: EventStage.Node, Software: "cs-celeriac", IsAlive: true, Active: 0, Processed: 0 });
        await stage.StopAsync();
        await stage.ListenUntilAsync("worker-offline");
        Assert.False(Assert.Single(stage.Cluster.Workers).IsAlive);
    }

    [Fact(Timeout = 120_000)]
    public async Task Without_heartbeat_only_tasks_are_told()
    {
        await using var stage = new EventStage(options => options.WithoutHeartbeat = true);
        await stage.StartAsync();
        await stage.Client.SendAsync(ConformanceTasks.AddTask.S(2, 3));
        Assert.DoesNotContain(await stage.ListenUntilAsync("task-succeeded"), happened => happened.Group == "worker");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_task_that_sends_no_events_is_not_told()
    {
        await using var stage = new EventStage(tasks: [s_silent]);
        await stage.StartAsync();
        await (await stage.Client.SendAsync(new Signature<int>("test.silent"))).GetAsync(TimeSpan.FromSeconds(60));
        var told = await stage.Client.SendAsync(ConformanceTasks.AddTask.S(2, 3));
        Assert.All((await stage.ListenUntilAsync("task-succeeded")).Where(happened => happened.Group == "task"), happened => Assert.Equal(told.Id, happened.TaskId));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_task_that_the_broker_holds_until_its_eta_is_told_as_received_once()
    {
        await using var stage = new EventStage();
        await stage.StartAsync();
        // As Python sends it: into the queue at once.
        var message = TestMessages.With("[[2, 3], {}, null]", ("task", ConformanceTasks.AddTask.Definition.Name), ("eta", DateTimeOffset.UtcNow.AddSeconds(2.5).ToString("O")));
        await stage.Client.Transport.PublishAsync(Publication.ToQueue("celery", message));
        var heard = (await stage.ListenUntilAsync("task-succeeded")).Where(happened => happened.Group == "task").ToList();
        Assert.Equal(["task-received", "task-started", "task-succeeded"], heard.Select(happened => happened.Type));
        Assert.True(heard[1].ReceivedAt - heard[0].ReceivedAt > TimeSpan.FromSeconds(2));
    }

    [Fact(Timeout = 120_000)]
    public async Task Events_travel_through_the_exchange_of_the_setting()
    {
        await using var stage = new EventStage(share: shared => shared.EventExchange = "elsewhere");
        await stage.Client.Transport.DeclareAsync(EventExchange.TopologyOf("elsewhere", stage.Client.Transport) with { Queues = [new QueueDeclaration("raw")], Bindings = [new Binding("elsewhere", "raw", "#")] });
        await stage.StartAsync();
        await stage.ListenUntilAsync("worker-online");
        Assert.Equal("elsewhere", (await stage.Client.Transport.GetAsync("raw"))!.Exchange);
    }

    [Fact(Timeout = 120_000)]
    public async Task Who_begins_to_listen_hears_of_the_workers_at_once()
    {
        await using var stage = new EventStage(options => options.HeartbeatInterval = TimeSpan.FromHours(1));
        await stage.StartAsync();
        await stage.ListenUntilAsync("worker-online");
        await stage.Worker.Listening;
        await using var late = stage.Client.Events.Receive();
        await foreach (var happened in late.WithCancellation(TestContext.Current.CancellationToken))
        {
            Assert.Equal(("worker-heartbeat", EventStage.Node), (happened.Type, happened.Hostname));
            break;
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task A_task_tells_what_it_likes()
    {
        await using var stage = new EventStage(options => options.SendTaskEvents = false, tasks: [s_telling]);
        await stage.StartAsync();
        var result = await stage.Client.SendAsync(new Signature("test.tell"));
        var told = (await stage.ListenUntilAsync("task-progress"))[^1];
        Assert.Equal((result.Id, EventStage.Node, 7d), (told.TaskId, told.Hostname, told.Number("done")));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_client_tells_what_it_likes_and_what_it_sends()
    {
        await using var stage = new EventStage(share: shared => shared.SendSentEvent = true);
        await stage.StartAsync();
        stage.Client.Events.Send("order-shipped", new JsonObject { ["order"] = 42, ["to"] = new JsonArray("a", null) });
        var shipped = (await stage.ListenUntilAsync("order-shipped"))[^1];
        Assert.Equal((42d, "[\"a\",null]"), (shipped.Number("order"), shipped.Fields["to"].GetRawText()));
        var result = await stage.Client.SendAsync(ConformanceTasks.AddTask.S(2, 3));
        var sent = (await stage.ListenUntilAsync("task-sent"))[^1];
        Assert.Equal((result.Id, "conformance.add", "celery", "", "celery"), (sent.TaskId, sent.Text("name"), sent.Text("queue"), sent.Text("exchange"), sent.Text("routing_key")));
        Assert.StartsWith("gen", sent.Hostname, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("order")]
    [InlineData("-order")]
    [InlineData("order-")]
    [InlineData("order shipped-now")]
    public async Task An_event_type_without_group_and_name_is_refused(string type)
    {
        await using var client = TaskClient.Open($"memory://{Guid.NewGuid():N}");
        Assert.Contains($"'{type}'", Assert.Throws<ArgumentException>(() => client.Events.Send(type)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => client.Events.Send("order-shipped", new JsonObject { ["clock"] = 1 }));
    }

    [Theory]
    [InlineData("5.2.6")]
    [InlineData("5.6")]
    public async Task Our_events_have_the_fields_and_types_of_Pythons(string version)
    {
        await using var stage = new EventStage(options => options.HeartbeatInterval = TimeSpan.FromSeconds(0.1));
        await stage.StartAsync();
        await stage.Client.SendAsync(ConformanceTasks.AddTask.S(2, 3));
        var ours = await stage.ListenUntilAsync("task-succeeded");
        await stage.Client.SendAsync(ConformanceTasks.FlakyTask.S(9, 0));
        ours.AddRange(await stage.ListenUntilAsync("task-failed"));
        ours.AddRange(await stage.ListenUntilAsync("worker-heartbeat"));
        await stage.StopAsync();
        ours.AddRange(await stage.ListenUntilAsync("worker-offline"));
        var golden = GoldenEvents.Decoded(version).ToLookup(happened => happened.Type, happened => string.Join(" ", Kinds(happened)));
        Assert.Equal(8, ours.Select(happened => happened.Type).Distinct().Count());
        Assert.All(ours, happened => Assert.Contains(string.Join(" ", Kinds(happened)), golden[happened.Type]));
    }

    [Fact(Timeout = 120_000)]
    public async Task Events_travel_as_Celerys_do()
    {
        await using var stage = new EventStage();
        await stage.Client.Transport.DeclareAsync(EventExchange.TopologyOf("celeryev", stage.Client.Transport) with { Queues = [new QueueDeclaration("raw")], Bindings = [new Binding("celeryev", "raw", "#")] });
        await stage.StartAsync();
        await stage.Client.SendAsync(ConformanceTasks.AddTask.S(2, 3));
        await stage.ListenUntilAsync("task-succeeded");
        var online = (await stage.Client.Transport.GetAsync("raw"))!;
        Assert.Equal(("worker.online", "celeryev", "application/json", "utf-8", EventStage.Node), (online.RoutingKey, online.Exchange, online.Message.ContentType, online.Message.ContentEncoding, online.Message.Headers.TextOf("hostname")));
        Assert.Equal((byte)'{', online.Message.Body.Span[0]);
        var tasks = (await stage.Client.Transport.GetAsync("raw"))!;
        Assert.Equal((EventExchange.ManyTasks, (byte)'['), (tasks.RoutingKey, tasks.Message.Body.Span[0]));
    }

    private static string[] Kinds(CeleryEvent happened) => [.. happened.Fields.Select(field => EventStage.KindOf(field.Key, field.Value)).Order(StringComparer.Ordinal)];
}
