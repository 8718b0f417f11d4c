using System.Text.RegularExpressions;
using Celeriac.Messaging;
using Celeriac.Sending;
using static Celeriac.Tests.Filters.Stage;

namespace Celeriac.Tests.Sending;

public sealed class RoutingTests
{
    private readonly CeleriacOptions _options = new() { BrokerUrl = $"memory://{Guid.NewGuid():N}" };

    [Fact]
    public void Without_routes_a_task_goes_to_the_default_queue_through_the_default_exchange() =>
        Assert.Equal(new Destination("celery", "", "celery", 0, true), Route("a.b"));

    [Theory]
    [InlineData("feeds.import", "feeds")]
    [InlineData("feeds.", "celery")]
    [InlineData("feeds.exact", "exact")]
    [InlineData("math.add", "numbers")]
    [InlineData("math.add_all", "numbers")]
    [InlineData("nightly.42", "night")]
    [InlineData("nightly.soon", "celery")]
    public void A_whole_name_wins_over_patterns_and_a_glob_matches_from_the_beginning_as_in_Celery(string task, string queue)
    {
        _options.TaskRoutes.Add("feeds.*", queue: "feeds").Add("*.add", "numbers").Add(new Regex(@"^nightly\.\d+$"), "night").Add("feeds.exact", "exact");
        Assert.Equal(queue, Route(task).Queue);
    }

    [Fact]
    public void The_first_pattern_that_matches_wins_and_one_added_again_is_replaced_in_its_place()
    {
        _options.TaskRoutes.Add("a.*", "first").Add("a.b.*", "second").Add("a.*", "replaced");
        Assert.Equal("replaced", Route("a.b.c").Queue);
    }

    [Fact]
    public void A_function_sees_the_call_and_is_asked_in_its_turn()
    {
        _options.TaskRoutes.Add("known", "table").Add(call => call.Kwargs.Span.IndexOf("\"eu\""u8) > 0 ? new TaskRoute { Queue = "europe", Priority = 7 } : null).Add("*", "rest");
        Assert.Equal(("table", "rest"), (Route("known").Queue, Route("other").Queue));
        Assert.Equal(new Destination("europe", "", "europe", 7, true), Router().Route(new Signature("other") { Kwargs = "{\"region\":\"eu\"}"u8.ToArray() }));
    }

    [Fact]
    public void Who_calls_a_task_many_times_goes_where_the_task_goes_as_in_Celery()
    {
        _options.TaskRoutes.Add("math.add", "numbers");
        var map = Map.Of(new Signature("math.add").AsPartial<int, int>(), [1]);
        Assert.Equal("numbers", Router().Route(map).Queue);
        Assert.Equal("numbers", Router().Fix(Signature.FromJson(map.ToJson())).Queue);
        Assert.Equal("declared", Router().Route(Map.Of((new Signature("t") { Declared = new TaskOptions { Queue = "declared" } }).AsPartial<int, int>(), [1])).Queue);
    }

    /// <summary>Kombu's lpmerge: member by member, what the call says, then the declaration, then the route.</summary>
    [Fact]
    public void The_call_wins_over_the_declaration_and_that_over_the_route()
    {
        _options.DefaultPriority = 1;
        _options.TaskRoutes.Add("t", new TaskRoute { Queue = "route", Priority = 3 });
        var declared = new Signature("t") { Declared = new TaskOptions { Queue = "declared", Priority = 5 } };

        Assert.Equal(("route", 3), Of(Route("t")));
        Assert.Equal(("declared", 5), Of(Router().Route(declared)));
        Assert.Equal(("call", 9), Of(Router().Route(declared.Set(options => options with { Queue = "call", Priority = 9 }))));
        Assert.Equal(("call", 3), Of(Router().Route(new Signature("t").Set(options => options with { Queue = "call" }))));
        Assert.Equal(("celery", 1), Of(Route("u")));
    }

    [Fact]
    public void A_topic_queue_is_published_to_through_its_exchange_with_the_key_of_the_call_or_its_own()
    {
        _options.TaskQueues.Add(new TaskQueue("news") { Exchange = "media", ExchangeType = ExchangeType.Topic, RoutingKey = "media.news" });
        var toNews = new Signature("t").Set(options => options with { Queue = "news" });

        Assert.Equal(new Destination("news", "media", "media.news", 0, true), Router().Route(toNews));
        Assert.Equal(new Destination("news", "media", "media.sport", 0, true), Router().Route(toNews.Set(options => options with { RoutingKey = "media.sport" })));
    }

    [Fact]
    public void A_direct_queue_is_published_to_by_its_name_whatever_its_exchange_and_key()
    {
        _options.TaskQueues.Add(new TaskQueue("mail") { Exchange = "tasks", RoutingKey = "mail.key" });
        Assert.Equal(new Destination("mail", "", "mail", 0, true), Router().Route(new Signature("t").Set(options => options with { Queue = "mail", RoutingKey = "ignored" })));
    }

    [Fact]
    public void An_exchange_of_somebodys_own_is_used_with_the_key_of_the_call() =>
        Assert.Equal(new Destination("celery", "theirs", "key", 0, false), Router().Route(new Signature("t").Set(options => options with { Exchange = "theirs", RoutingKey = "key" })));

    [Fact]
    public void Queues_that_name_no_exchange_have_the_default_one_with_its_type_and_key()
    {
        (_options.DefaultExchange, _options.DefaultExchangeType, _options.DefaultRoutingKey) = ("tasks", ExchangeType.Topic, "task.default");
        _options.TaskQueues.Add(new TaskQueue("celery"));
        Assert.Equal(new Destination("celery", "tasks", "task.default", 0, true), Route("t"));
        Assert.Equal(new Destination("missing", "", "missing", 0, true), Router().Route(new Signature("t").Set(options => options with { Queue = "missing" })));
    }

    [Fact]
    public async Task Where_missing_queues_are_not_created_a_task_for_one_is_refused_before_it_is_sent()
    {
        _options.CreateMissingQueues = false;
        _options.TaskQueues.Add(new TaskQueue("mail"));
        await using var client = TaskClient.Open(_options);
        var error = await Assert.ThrowsAsync<QueueNotFoundException>(async () => await client.SendAsync(new Signature("t"), Token));

        Assert.Equal("Queue 'celery' is not in TaskQueues (task_queues), which has 'mail', and missing queues are not created. Add it, correct the name, or set CreateMissingQueues (task_create_missing_queues).", error.Message);
        Assert.Null(await client.Transport.CountAsync("celery", Token));
        Assert.Throws<QueueNotFoundException>(() => new Worker(client, new TaskRegistry([]), new WorkerOptions { Queues = ["celery"] }, _options));
    }

    [Fact]
    public async Task A_worker_that_names_no_queues_consumes_those_of_the_options_but_the_excluded()
    {
        _options.TaskQueues.Add(new TaskQueue("a"));
        _options.TaskQueues.Add(new TaskQueue("b"));
        _options.TaskQueues.Add(new TaskQueue("c"));
        await using var client = TaskClient.Open(_options);
        Assert.Equal(["a", "c"], new Worker(client, new TaskRegistry([]), new WorkerOptions { ExcludeQueues = ["b"] }, _options).Queues);
    }

    [Fact]
    public async Task A_queue_is_declared_with_what_the_options_say()
    {
        _options.QueueMaxPriority = 10;
        _options.TaskQueues.Add(new TaskQueue("a") { Exchange = "x", RoutingKey = "k", MaxPriority = 3, MessageTimeToLive = TimeSpan.FromHours(1), Bindings = [new TaskQueueBinding("y", "z.#", ExchangeType.Topic)] });
        await using var client = TaskClient.Open(_options);
        await client.SendAsync(new Signature("t").Set(options => options with { Queue = "a" }), Token);
        await client.SendAsync(new Signature("t").Set(options => options with { Queue = "missing" }), Token);
        await client.Transport.PublishAsync(new Publication(new Message { Body = "{}"u8.ToArray() }, "x", "k") { Mandatory = true }, Token);
        await client.Transport.PublishAsync(new Publication(new Message { Body = "{}"u8.ToArray() }, "y", "z.1") { Mandatory = true }, Token);
        Assert.Equal(3, (await client.Transport.CountAsync("a", Token))!.Ready);
        // Declared alike is no refusal: these are its properties.
        await client.Transport.DeclareAsync(new Topology { Queues = [new QueueDeclaration("a") { MaxPriority = 3, MessageTimeToLive = TimeSpan.FromHours(1) }, new QueueDeclaration("missing") { MaxPriority = 10 }] }, Token);
    }

    [Fact]
    public async Task A_queue_that_exists_plainly_is_used_as_it_is_and_told_once()
    {
        var log = new Filters.LogLines();
        _options.QueueMaxPriority = 10;
        var transport = Transports.Create(_options.BrokerUrl);
        await transport.DeclareAsync(Topology.Queue("celery"), Token);
        await using var client = new TaskClient(transport, new Celeriac.Results.DisabledResultStore(), _options) { Log = log };
        await client.SendAsync(new Signature("t"), Token);
        client.Queues.Forget("celery");
        await client.SendAsync(new Signature("t"), Token);

        Assert.Equal(2, (await transport.CountAsync("celery", Token))!.Ready);
        var (_, text, _) = Assert.Single(log.Lines, line => line.Id == 2170);
        Assert.Contains("MaxPriority is 'not set', asked for '10'", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_sent_by_a_task_inherits_its_priority_where_that_is_asked_for()
    {
        var (first, second) = (new TaskCompletionSource<byte?>(), new TaskCompletionSource<byte?>());
        await using var stage = new Filters.Stage(
            [
                Define("parent", async run =>
                {
                    first.SetResult(run.Context.Request.Message.Priority);
                    await TaskClient.Current.SendAsync(new Signature("child"), run.Context.CancellationToken);
                    return default;
                }),
                Define("child", run =>
                {
                    second.SetResult(run.Context.Request.Message.Priority);
                    return default;
                }),
            ], shared: options => options.InheritParentPriority = true);
        await stage.Client.SendAsync(new Signature("parent").Set(options => options with { Priority = 6 }), Token);

        Assert.Equal((6, 6), ((int?)await first.Task.WaitAsync(Patience, Token), (int?)await second.Task.WaitAsync(Patience, Token)));
    }

    private static (string, int) Of(Destination destination) => (destination.Queue, destination.Priority);

    private Destination Route(string task) => Router().Route(new Signature(task));

    private TaskRouter Router() => new(_options, new QueueDefinitions(_options));
}
