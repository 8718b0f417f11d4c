using System.Collections.Concurrent;
using Celeriac.Messaging;
using Celeriac.Tests.Filters;
using Celeriac.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using static Celeriac.Tests.Filters.Stage;

namespace Celeriac.Tests.Sending;

public sealed class SendFilterTests
{
    private readonly ConcurrentQueue<string> _told = new();

    [Fact]
    public async Task Send_filters_see_the_id_before_the_publish_and_may_add_headers()
    {
        string? before = null;
        var stamp = new Filter(async (signature, next, token) =>
        {
            before = signature.Options.TaskId;
            return await next(signature.Set(options => options with { Headers = MessageHeaders.Empty.With("tenant", "acme") }), token);
        });
        string? tenant = null;
        await using var stage = new Stage([Define("t", run =>
        {
            tenant = run.Context.Request.Message.Headers.TextOf("tenant");
            return ValueTask.FromResult(TaskInvocation.Result(7));
        })], shared: options => options.SendFilters.Add(stamp));
        var sent = await stage.Client.SendAsync(new Signature<int>("t"), Token);

        Assert.Equal(7, await sent.GetAsync(Patience, Token));
        Assert.Equal((sent.Id, "acme"), (before, tenant));
    }

    [Fact]
    public async Task Send_filters_stand_around_each_other_as_they_were_added()
    {
        await using var client = Open(Tell("first"), Tell("second"));
        await client.SendAsync(new Signature("t"), Token);

        Assert.Equal(["first", "second", "second.", "first."], _told);
    }

    [Fact]
    public async Task A_send_filter_that_sends_nothing_names_the_task_that_stands_for_it()
    {
        await using var client = Open(new Filter((_, _, _) => ValueTask.FromResult("the-first-one")));

        Assert.Equal("the-first-one", (await client.SendAsync(new Signature("t"), Token)).Id);
        Assert.Null(await client.Transport.CountAsync("celery", Token));
    }

    [Fact]
    public async Task What_a_send_filter_throws_reaches_the_caller()
    {
        await using var client = Open(new Filter((_, _, _) => throw new InvalidOperationException("not this tenant")));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await client.SendAsync(new Signature("t"), Token));
    }

    [Fact]
    public async Task A_list_of_tasks_passes_them_too()
    {
        await using var client = Open(Tell("one"));
        var results = await client.SendManyAsync([new Signature("t"), new Signature("t")], Token);

        Assert.Equal(2, results.Select(result => result.Id).Distinct().Count());
        Assert.Equal(4, _told.Count);
    }

    [Fact]
    public async Task A_registered_send_filter_is_a_service()
    {
        var services = new ServiceCollection();
        services.AddSingleton(_told);
        HostingApp.Environment(services);
        services.AddCeleriac("sending", celeriac => celeriac.Broker(HostingApp.NewBroker()).AddSendFilter<Registered>().AddSendFilter(Tell("instance")));
        await using var provider = services.BuildServiceProvider();
        await provider.GetRequiredKeyedService<TaskClient>("sending").SendAsync(new Signature("t"), Token);

        Assert.Equal(["registered", "instance", "instance."], _told);
    }

    private static TaskClient Open(params ISendFilter[] filters)
    {
        var options = new CeleriacOptions { BrokerUrl = HostingApp.NewBroker() };
        Array.ForEach(filters, options.SendFilters.Add);
        return TaskClient.Open(options);
    }

    private Filter Tell(string name) => new(async (signature, next, token) =>
    {
        _told.Enqueue(name);
        var id = await next(signature, token);
        _told.Enqueue($"{name}.");
        return id;
    });

    private sealed class Filter(Func<Signature, TaskSender, CancellationToken, ValueTask<string>> send) : ISendFilter
    {
        public ValueTask<string> SendAsync(Signature signature, TaskSender next, CancellationToken cancellationToken) => send(signature, next, cancellationToken);
    }

    private sealed class Registered(ConcurrentQueue<string> told) : ISendFilter
    {
        public ValueTask<string> SendAsync(Signature signature, TaskSender next, CancellationToken cancellationToken)
        {
            told.Enqueue("registered");
            return next(signature, cancellationToken);
        }
    }
}
