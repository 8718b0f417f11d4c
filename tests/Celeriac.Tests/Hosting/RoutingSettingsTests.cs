using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Celeriac.Tests.Hosting;

public sealed class RoutingSettingsTests
{
    [Fact]
    public void Routes_are_a_map_of_names_and_globs_and_the_longer_glob_comes_first()
    {
        var options = Read(("Celeriac:task_routes:feeds.*", "feeds"), ("Celeriac:task_routes:feeds.fast.*:queue", "fast"), ("Celeriac:task_routes:feeds.fast.*:Priority", "9"), ("Celeriac:task_routes:mail.send:exchange", "post"), ("Celeriac:task_routes:mail.send:RoutingKey", "letters"));
        Assert.Equal(new TaskRoute { Queue = "feeds" }, options.TaskRoutes.Find(new Signature("feeds.slow")));
        Assert.Equal(new TaskRoute { Queue = "fast", Priority = 9 }, options.TaskRoutes.Find(new Signature("feeds.fast.one")));
        Assert.Equal(new TaskRoute { Exchange = "post", RoutingKey = "letters" }, options.TaskRoutes.Find(new Signature("mail.send")));
    }

    [Fact]
    public void A_list_of_routes_keeps_its_order()
    {
        var options = Read(("Celeriac:Task:Routes:0:task", "a.*"), ("Celeriac:Task:Routes:0:queue", "first"), ("Celeriac:Task:Routes:1:task", "a.b.*"), ("Celeriac:Task:Routes:1:queue", "second"));
        Assert.Equal("first", options.TaskRoutes.Find(new Signature("a.b.c"))!.Queue);
    }

    [Fact]
    public void Routes_and_queues_fit_into_a_text()
    {
        var options = Read(("Celeriac:task_routes", "feeds.*=feeds, mail.send = mail"), ("Celeriac:task_queues", "celery, feeds"));
        Assert.Equal("mail", options.TaskRoutes.Find(new Signature("mail.send"))!.Queue);
        Assert.Equal(["celery", "feeds"], options.TaskQueues.Select(queue => queue.Name));
    }

    [Fact]
    public void Queues_are_a_map_of_their_properties()
    {
        var options = Read(
            ("Celeriac:task_queues:news:exchange", "media"), ("Celeriac:task_queues:news:exchange_type", "topic"), ("Celeriac:task_queues:news:routing_key", "media.#"), ("Celeriac:task_queues:news:max_priority", "10"),
            ("Celeriac:task_queues:news:message_ttl", "60"), ("Celeriac:task_queues:all:broadcast", "true"));
        Assert.Equal([TaskQueue.Broadcast("all"), new TaskQueue("news") { Exchange = "media", ExchangeType = Messaging.ExchangeType.Topic, RoutingKey = "media.#", MaxPriority = 10, MessageTimeToLive = TimeSpan.FromMinutes(1), Bindings = options.TaskQueues[1].Bindings }], options.TaskQueues.Select(queue => queue.IsBroadcast ? TaskQueue.Broadcast("all") with { Bindings = TaskQueue.Broadcast("all").Bindings } : queue));
    }

    [Theory]
    [InlineData("Celeriac:task_routes:a:queu", "x", "Setting 'Celeriac:task_routes:a:queu' is unknown. Did you mean 'queue'?")]
    [InlineData("Celeriac:task_routes:a:priority", "high", "Setting 'Celeriac:task_routes:a:priority' is 'high', but must be 0–255.")]
    [InlineData("Celeriac:task_queues:a:type", "fast", "Setting 'Celeriac:task_queues:a:type' is 'fast', but must be Classic or Quorum.")]
    [InlineData("Celeriac:task_routes", "feeds", "Setting 'Celeriac:task_routes' is 'feeds', but must be pairs of a task's name or glob and its queue.")]
    [InlineData("Celeriac:task_queue_max_priority", "300", "Setting 'Celeriac:task_queue_max_priority' is '300', but must be 0–255.")]
    public void What_cannot_be_read_is_told(string key, string value, string fault) =>
        Assert.Contains(fault, Assert.Throws<OptionsValidationException>(() => Read((key, value))).Message, StringComparison.Ordinal);

    private static CeleriacOptions Read(params (string, string)[] settings)
    {
        var builder = HostingApp.Builder([("Celeriac:broker_url", "memory://routes"), .. settings]);
        builder.Services.AddCeleriac();
        using var host = builder.Build();
        return host.Services.GetRequiredService<IOptionsMonitor<CeleriacOptions>>().CurrentValue;
    }
}
