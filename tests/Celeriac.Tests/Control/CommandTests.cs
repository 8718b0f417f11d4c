using System.Text.Json;
using System.Text.Json.Nodes;
using Celeriac.Messaging;
using Celeriac.Control;
using Celeriac.Working;

namespace Celeriac.Tests.Control;

public sealed class CommandTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ping", "{}", """{"ok":"pong"}""")]
    [InlineData("ping", """{"unknown":[1]}""", """{"ok":"pong"}""")]
    [InlineData("active", """{"safe":null}""", "[]")]
    [InlineData("dump_active", "{}", "[]")]
    [InlineData("reserved", "{}", "[]")]
    [InlineData("scheduled", "{}", "[]")]
    [InlineData("dump_schedule", "{}", "[]")]
    [InlineData("revoked", "{}", "[]")]
    [InlineData("registered", """{"taskinfoitems":[]}""", """["test.held"]""")]
    [InlineData("dump_tasks", """{"taskinfoitems":["max_retries"],"builtins":true}""", """["test.held [max_retries=3]"]""")]
    [InlineData("query_task", """{"ids":["nobody"]}""", "{}")]
    [InlineData("query_task", """{"ids":"nobody"}""", "{}")]
    [InlineData("memdump", "{}", """{"error":"NotImplementedError('memdump shows the objects of a Python process; this worker is .NET: use dotnet-gcdump or dotnet-dump')"}""")]
    [InlineData("revoke", """{"task_id":"a","terminate":false,"signal":"SIGTERM"}""", """{"ok":"tasks a flagged as revoked"}""")]
    [InlineData("revoke", """{"task_id":["a","b"]}""", """{"ok":"tasks a, b flagged as revoked"}""")]
    [InlineData("revoke", """{"task_id":"a","terminate":true}""", """{"ok":"terminate: tasks unknown"}""")]
    [InlineData("revoke", "{}", """{"error":"TypeError(\"revoke() missing 1 required positional argument: 'task_id'\")"}""")]
    [InlineData("terminate", """{"task_id":"a","signal":"KILL"}""", """{"ok":"terminate: tasks unknown"}""")]
    [InlineData("revoke_by_stamped_headers", """{"headers":{"tenant":"acme"}}""", """{"ok":"headers {'tenant': 'acme'} flagged as revoked, but not terminated"}""")]
    [InlineData("revoke_by_stamped_headers", """{"headers":["tenant=acme"],"terminate":true}""", """{"ok":"headers ['tenant=acme'] were not terminated"}""")]
    [InlineData("rate_limit", """{"task_name":"test.held","rate_limit":"10/m"}""", """{"ok":"new rate limit set successfully"}""")]
    [InlineData("rate_limit", """{"task_name":"test.held","rate_limit":0}""", """{"ok":"rate limit disabled successfully"}""")]
    [InlineData("rate_limit", """{"task_name":"test.held","rate_limit":null}""", """{"ok":"rate limit disabled successfully"}""")]
    [InlineData("rate_limit", """{"task_name":"no.such","rate_limit":"1/s"}""", """{"error":"unknown task"}""")]
    [InlineData("rate_limit", """{"task_name":"test.held","rate_limit":"often"}""", """{"error":"Invalid rate limit string: ValueError(\"could not convert string to float: 'often'\")"}""")]
    [InlineData("time_limit", """{"task_name":"test.held","hard":10,"soft":5.5}""", """{"ok":"time limits set successfully"}""")]
    [InlineData("time_limit", """{"task_name":"no.such"}""", """{"error":"unknown task"}""")]
    [InlineData("heartbeat", "{}", "null")]
    [InlineData("election", """{"id":"e","topic":"task","action":null}""", "null")]
    [InlineData("pool_restart", """{"modules":null,"reload":false,"reloader":null}""", """{"error":"ValueError('Pool restarts not enabled')"}""")]
    [InlineData("autoscale", """{"max":10,"min":2}""", """{"error":"ValueError('Autoscale not enabled')"}""")]
    [InlineData("cancel_consumer", """{"queue":"nobody"}""", """{"ok":"no longer consuming from nobody"}""")]
    [InlineData("no_such", "{}", """{"error":"KeyError('no_such')"}""")]
    [InlineData("hello", """{"from_node":"w1@test","revoked":{}}""", "null")]
    public async Task A_command_is_answered_as_Celery_answers_it(string command, string arguments, string answer)
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync();
        var reply = await fleet.AskAsync(command, (JsonObject)JsonNode.Parse(arguments)!);
        Assert.Equal("w1@test", reply.Node);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(answer), JsonNode.Parse(reply.Value.GetRawText())), reply.Value.GetRawText());
    }

    [Fact(Timeout = 180_000)]
    public async Task Inspect_ping_works_over_a_file_that_several_connections_share()
    {
        var file = Path.Combine(Path.GetTempPath(), $"celeriac-control-{Guid.NewGuid():N}.db");
        await using (var fleet = new Fleet($"sqlite://{file}"))
        {
            await fleet.StartAsync();
            await fleet.StartAsync("w2@test");
            var replies = await fleet.Client.Inspect.PingAsync(new ControlOptions { Limit = 2, Timeout = TimeSpan.FromSeconds(30) }, Cancelled);
            Assert.Equal(["w1@test: pong", "w2@test: pong"], replies.Select(reply => reply.ToString()).Order());
        }
        foreach (var part in Directory.GetFiles(Path.GetTempPath(), Path.GetFileName(file) + "*"))
        {
            File.Delete(part);
        }
    }

    [Fact(Timeout = 180_000)]
    public async Task The_election_of_others_is_acknowledged()
    {
        await using var fleet = new Fleet();
        var worker = await fleet.StartAsync();
        await using var receiver = fleet.Client.Events.Receive("worker.elect.ack");
        await receiver.StartAsync(Cancelled);
        var elections = fleet.Client.Events.Receive("worker.elect");
        await elections.StartAsync(Cancelled);
        var agreeing = Elections.AgreeAsync(elections, worker.State.Events, Cancelled);
        fleet.Client.Events.Send("worker-elect", new JsonObject { ["id"] = "e1", ["topic"] = "task", ["action"] = null, ["cver"] = 1 });
        await foreach (var happened in receiver)
        {
            Assert.Equal(("worker-elect-ack", worker.Node, "e1"), (happened.Type, happened.Hostname, happened.Text("id")));
            break;
        }
        await elections.DisposeAsync();
        await agreeing;
    }

    [Fact(Timeout = 180_000)]
    public async Task A_queue_is_shown_exactly_as_Kombu_shows_it()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync();
        var shown = (await fleet.AskAsync("active_queues")).Value;
        Assert.Equal(
            """[{"name":"celery","exchange":{"name":"celery","type":"direct","arguments":null,"durable":true,"passive":false,"auto_delete":false,"delivery_mode":null,"no_declare":false},"routing_key":"celery","queue_arguments":null,"binding_arguments":null,"consumer_arguments":null,"durable":true,"exclusive":false,"auto_delete":false,"no_ack":false,"alias":null,"bindings":[],"no_declare":null,"expires":null,"message_ttl":null,"max_length":null,"max_length_bytes":null,"max_priority":null}]""",
            shown.GetRawText());
    }

    [Fact(Timeout = 180_000)]
    public async Task Stats_have_every_key_that_Flower_shows()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync();
        var result = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        Held.Release(result.Id);
        await result.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        var stats = (await fleet.AskAsync("stats")).Value;
        Assert.Equal(1, stats.GetProperty("total").GetProperty("test.held").GetInt32());
        Assert.Equal((Environment.ProcessId, JsonValueKind.String), (stats.GetProperty("pid").GetInt32(), stats.GetProperty("clock").ValueKind));
        Assert.Equal((2, 2), (stats.GetProperty("pool").GetProperty("max-concurrency").GetInt32(), stats.GetProperty("prefetch_count").GetInt32()));
        Assert.Equal("memory", stats.GetProperty("broker").GetProperty("transport").GetString());
        Assert.All(new[] { "uptime", "rusage" }, key => Assert.True(stats.TryGetProperty(key, out _), key));
    }

    [Fact(Timeout = 180_000)]
    public async Task Conf_has_Celerys_names_and_no_password()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync(configure: options => options.PrefetchMultiplier = 3);
        var conf = Assert.Single(await fleet.Client.Inspect.ConfAsync(options: Fleet.Of("w1@test"), cancellationToken: Cancelled)).Value;
        Assert.Equal((fleet.Broker, "celery", 3), (conf.GetProperty("broker_url").GetString(), conf.GetProperty("task_default_queue").GetString(), conf.GetProperty("worker_prefetch_multiplier").GetInt32()));
        Assert.False(conf.TryGetProperty("task_acks_late", out _));
        var all = Assert.Single(await fleet.Client.Inspect.ConfAsync(withDefaults: true, Fleet.Of("w1@test"), Cancelled)).Value;
        Assert.True(all.GetProperty("task_acks_late").GetBoolean());
    }

    [Fact(Timeout = 180_000)]
    public async Task Conf_shows_how_tasks_are_routed()
    {
        await using var fleet = new Fleet();
        void Route(CeleriacOptions options)
        {
            options.TaskRoutes.Add("feeds.*", "feeds").Add("mail.send", new TaskRoute { Queue = "mail", Priority = 7 }).Add(_ => null);
            options.TaskQueues.Add(new TaskQueue("feeds") { Exchange = "news", ExchangeType = ExchangeType.Topic, RoutingKey = "feed.#" });
            options.CreateMissingQueues = false;
            options.DefaultExchangeType = ExchangeType.Topic;
            options.TaskQueues.Add(new TaskQueue("celery"));
        }
        await fleet.StartAsync(Route, configure: options => (options.TimeLimit, options.SoftTimeLimit) = (TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(2.5)));
        var conf = Assert.Single(await fleet.Client.Inspect.ConfAsync(options: Fleet.Of("w1@test"), cancellationToken: Cancelled)).Value;
        Assert.Equal("""[{"task":"mail.send","queue":"mail","priority":7},{"task":"feeds.*","queue":"feeds"},{"task":"(a function)"}]""", conf.GetProperty("task_routes").GetRawText());
        Assert.Equal("""{"feeds":{"exchange":"news","exchange_type":"topic","routing_key":"feed.#"},"celery":{}}""", conf.GetProperty("task_queues").GetRawText());
        Assert.Equal(("false", "topic"), (conf.GetProperty("task_create_missing_queues").GetRawText(), conf.GetProperty("task_default_exchange_type").GetString()));
        Assert.Equal((60, 2.5), (conf.GetProperty("task_time_limit").GetDouble(), conf.GetProperty("task_soft_time_limit").GetDouble()));
        // Celery shows the soft one first.
        Assert.Equal("[2.5,60]", (await fleet.AskAsync("stats")).Value.GetProperty("pool").GetProperty("timeouts").GetRawText());
    }

    [Fact(Timeout = 180_000)]
    public async Task Hello_tells_what_is_revoked_with_floats_of_the_monotonic_clock_and_learns()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync();
        var told = new JsonObject { ["theirs"] = new JsonArray(12.5, "theirs"), ["older"] = 1.5 };
        var reply = await fleet.AskAsync("hello", new JsonObject { ["from_node"] = "py@host", ["revoked"] = told });
        var revoked = reply.Value.GetProperty("revoked").EnumerateObject().ToList();
        Assert.Equal(["older", "theirs"], revoked.Select(entry => entry.Name).Order());
        Assert.All(revoked, entry => Assert.Matches(@"^\d+\.\d+$", entry.Value[0].GetRawText()));
        Assert.All(revoked, entry => Assert.Equal(entry.Name, entry.Value[1].GetString()));
        Assert.True(reply.Value.GetProperty("clock").GetInt64() > 0);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_worker_that_starts_learns_from_the_others_what_is_revoked()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync();
        await fleet.Client.Control.RevokeAsync("gone", options: Fleet.Of("w1@test"), cancellationToken: Cancelled);
        var second = await fleet.StartAsync("w2@test", options => options.WithoutMingle = false);
        await Fleet.UntilAsync(() => second.State.Revocations.Ids.Any(entry => entry.Id == "gone"));
    }

    [Fact(Timeout = 180_000)]
    public async Task Events_are_switched_on_and_off()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync();
        Assert.Equal("task events enabled", (await fleet.AskAsync("enable_events")).Ok);
        Assert.Equal("task events already enabled", (await fleet.AskAsync("enable_events")).Ok);
        Assert.Equal("task events disabled", (await fleet.AskAsync("disable_events")).Ok);
        Assert.Equal("task events already disabled", (await fleet.AskAsync("disable_events")).Ok);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_command_of_the_program_is_answered_and_its_exception_too()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync(configure: options =>
        {
            options.OwnControlCommands["greet"] = (context, _) => new(new JsonObject { ["ok"] = $"{context.Arguments.GetProperty("name")} from {context.Node}" });
            options.OwnControlCommands["fail"] = (_, _) => throw new InvalidOperationException("it's broken");
        });
        Assert.Equal("hi from w1@test", (await fleet.AskAsync("greet", new JsonObject { ["name"] = "hi" })).Ok);
        Assert.Equal("InvalidOperationException(\"it's broken\")", (await fleet.AskAsync("fail")).Error);
    }

    [Theory]
    [InlineData("inspect", "ping", true)]
    [InlineData("inspect", "shutdown", false)]
    [InlineData("control", "pool_grow", true)]
    [InlineData("control", "stats", false)]
    [InlineData("ping,revoke", "revoke", true)]
    [InlineData("ping,revoke", "terminate", false)]
    [InlineData("active", "dump_active", true)]
    [InlineData("", "ping", false)]
    public async Task What_is_not_on_the_list_is_refused(string list, string command, bool isObeyed)
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync(configure: options => options.ControlCommands = list.Split(',', StringSplitOptions.RemoveEmptyEntries));
        var reply = await fleet.AskAsync(command, new JsonObject { ["task_id"] = "a" });
        Assert.Equal(isObeyed ? null : $"PermissionError(\"Command '{command}' is switched off on this worker (worker_control_commands).\")", reply.Error);
    }
}
