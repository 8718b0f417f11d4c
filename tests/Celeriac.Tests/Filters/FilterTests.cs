using System.Collections.Concurrent;
using Celeriac.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static Celeriac.Tests.Filters.Stage;

namespace Celeriac.Tests.Filters;

public sealed class FilterTests
{
    private readonly ConcurrentQueue<string> _told = new();

    [Fact]
    public async Task Filters_run_around_the_task_by_their_order_and_then_as_they_were_added()
    {
        var filters = new TaskFilters().Add(Tell("inner"), order: 5).Add(Tell("outer"), order: -1).Add(Tell("innermost"), order: 5);
        await using var stage = new Stage([Seven()], filters);

        Assert.Equal(7, await stage.CallAsync("seven"));
        Assert.Equal(["outer", "inner", "innermost", "seven", "innermost.", "inner.", "outer."], _told);
    }

    [Fact]
    public async Task A_filter_is_for_the_tasks_that_its_pattern_names()
    {
        var filters = new TaskFilters().Add(Tell("all")).Add(Tell("mail"), tasks: "mail.*").Add(Tell("one"), tasks: "mail.sen?").Add(Tell("other"), tasks: "Mail.send");
        await using var stage = new Stage([Seven("mail.send"), Seven("seven")], filters);
        await stage.CallAsync("mail.send");
        await stage.CallAsync("seven");

        Assert.Equal(["all", "mail", "one", "mail.send", "one.", "mail.", "all.", "all", "seven", "all."], _told);
    }

    [Fact]
    public async Task A_filter_that_does_not_go_on_answers_for_the_task()
    {
        await using var stage = new Stage([Seven()], new TaskFilters().Add(new Filter((_, _) => ValueTask.FromResult(TaskInvocation.Result(8)))));

        Assert.Equal(8, await stage.CallAsync("seven"));
        Assert.Empty(_told);
    }

    [Fact]
    public async Task A_filter_may_run_the_task_again_and_change_its_result()
    {
        var filter = new Filter(async (run, next) =>
        {
            await next(run);
            return TaskInvocation.Result(TaskJson.Decode<int>((await next(run)).Span) + 1);
        });
        await using var stage = new Stage([Seven()], new TaskFilters().Add(filter));

        Assert.Equal(8, await stage.CallAsync("seven"));
        Assert.Equal(["seven", "seven"], _told);
    }

    [Fact]
    public async Task What_a_filter_throws_is_what_the_task_threw()
    {
        var options = new TaskOptions { RetryOn = [typeof(IOException)], RetryDelay = TimeSpan.Zero, MaxRetries = 1 };
        var filter = new Filter((run, _) => throw (run.Context.Retries == 0 ? new IOException("at first") : new InvalidOperationException("then")));
        await using var stage = new Stage([Seven(options: options)], new TaskFilters().Add(filter));
        var error = await stage.FailAsync("seven");

        Assert.Equal(("InvalidOperationException", "then"), (error.RemoteType, error.RemoteMessage));
    }

    [Fact]
    public async Task A_filter_sees_what_the_task_threw_and_may_swallow_it()
    {
        var filter = new Filter(async (run, next) =>
        {
            try
            {
                return await next(run);
            }
            catch (InvalidOperationException error)
            {
                _told.Enqueue(error.Message);
                return TaskInvocation.Result(0);
            }
        });
        await using var stage = new Stage([Define("bad", _ => throw new InvalidOperationException("oh"))], new TaskFilters().Add(filter));

        Assert.Equal(0, await stage.CallAsync("bad"));
        Assert.Equal(["oh"], _told);
    }

    [Fact]
    public async Task A_synchronous_task_keeps_its_own_thread_within_its_filters()
    {
        var task = Define("thread", run => ValueTask.FromResult(TaskInvocation.Result(Thread.CurrentThread.Name == "celeriac task" ? 1 : 0)), isSynchronous: true);
        await using var stage = new Stage([task], new TaskFilters().Add(Tell("around")));

        Assert.Equal(1, await stage.CallAsync("thread"));
        Assert.Equal(["around", "around."], _told);
    }

    [Fact]
    public async Task A_filter_sees_the_request_the_services_and_the_token()
    {
        object? seen = null;
        var filter = new Filter((run, next) =>
        {
            seen = (run.Context.Request.Task, run.Definition.Name, run.Services is not null, run.CancellationToken.CanBeCanceled, run.Context.Node);
            return next(run);
        });
        using var services = new ServiceCollection().BuildServiceProvider();
        await using var stage = new Stage([Seven()], new TaskFilters().Add(filter), services);
        await stage.CallAsync("seven");

        Assert.Equal(("seven", "seven", true, true, "w1@test"), seen);
    }

    [Fact]
    public async Task A_registered_filter_comes_from_the_scope_of_each_run()
    {
        var builder = HostingApp.Builder();
        builder.Services.AddSingleton(_told).AddScoped<Scoped>();
        builder.Services.AddCeleriac("filtered", celeriac => celeriac
            .Broker(HostingApp.NewBroker()).AddFilter<ScopedFilter>(order: 1).AddFilter(Tell("instance"), order: 2, tasks: "sev*").AddWorker()
            .AddTasks([Define("seven", run => ValueTask.FromResult(TaskInvocation.Result(run.Service<Scoped>().Number)))]));
        using var host = builder.Build();
        await host.StartAsync(Token);
        var client = host.Services.GetRequiredKeyedService<TaskClient>("filtered");
        int[] results = [await CallAsync(client), await CallAsync(client)];
        await host.StopAsync(Token);

        // The task sees the number that the filter of its own scope has set.
        Assert.Equal([1, 1], results);
        Assert.Equal(["instance", "instance.", "instance", "instance."], _told);
    }

    [Fact]
    public async Task Without_filters_a_run_allocates_nothing_for_them()
    {
        var filters = new TaskFilters();
        TaskInvoker task = static _ => ValueTask.FromResult(TaskInvocation.NoResult);
        var run = new TaskInvocation(Define("t", task), default, null!, null, default);
        await filters.RunAsync(run, task);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 100; round++)
        {
            await filters.RunAsync(run, task);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static async Task<int> CallAsync(TaskClient client) => await (await client.SendAsync(new Signature<int>("seven"), Token)).GetAsync(Patience, Token);

    private TaskDefinition Seven(string name = "seven", TaskOptions? options = null) => Define(name, _ =>
    {
        _told.Enqueue(name);
        return ValueTask.FromResult(TaskInvocation.Result(7));
    }, options);

    private Filter Tell(string name) => new(async (run, next) =>
    {
        _told.Enqueue(name);
        var result = await next(run);
        _told.Enqueue($"{name}.");
        return result;
    });

    private sealed class Filter(Func<TaskInvocation, TaskInvoker, ValueTask<ReadOnlyMemory<byte>>> run) : ITaskFilter
    {
        public ValueTask<ReadOnlyMemory<byte>> RunAsync(TaskInvocation invocation, TaskInvoker next) => run(invocation, next);
    }

    private sealed class Scoped
    {
        public int Number { get; set; }
    }

    private sealed class ScopedFilter(Scoped scoped) : ITaskFilter
    {
        public ValueTask<ReadOnlyMemory<byte>> RunAsync(TaskInvocation run, TaskInvoker next)
        {
            scoped.Number++;
            return next(run);
        }
    }
}
