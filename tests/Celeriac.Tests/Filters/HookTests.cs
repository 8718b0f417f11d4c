using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using static Celeriac.Tests.Filters.Stage;

namespace Celeriac.Tests.Filters;

public sealed class HookTests
{
    private static readonly TaskOptions s_retried = new() { RetryOn = [typeof(IOException)], RetryDelay = TimeSpan.Zero, MaxRetries = 1 };
    private readonly ConcurrentQueue<string> _told = new();

    [Fact]
    public async Task A_task_that_succeeds_calls_before_start_success_and_after_return()
    {
        await using var stage = Of(_ => ValueTask.FromResult(TaskInvocation.Result(7)));

        Assert.Equal(7, await stage.CallAsync("t"));
        Assert.Equal(["start t", "success 7", "returned SUCCESS"], _told);
    }

    [Fact]
    public async Task A_retry_calls_its_hook_with_the_exception_and_the_delay_and_has_not_returned()
    {
        await using var stage = Of(run => run.Context.Retries == 0 ? throw new IOException("disk") : ValueTask.FromResult(TaskInvocation.Result(7)), s_retried);

        Assert.Equal(7, await stage.CallAsync("t"));
        Assert.Equal(["start t", "retry IOException disk 0", "start t", "success 7", "returned SUCCESS"], _told);
    }

    [Fact]
    public async Task A_retry_that_the_task_asks_for_tells_its_cause()
    {
        await using var stage = Of(run => run.Context.Retries == 0 ? throw run.Context.Retry(new TimeoutException("slow"), TimeSpan.Zero) : ValueTask.FromResult(TaskInvocation.NoResult));
        var sent = await stage.Client.SendAsync(new Signature("t"), Token);
        await sent.WaitAsync(Patience, Token);

        Assert.Contains("retry TimeoutException slow 0", _told);
    }

    [Fact]
    public async Task Used_up_retries_call_the_hook_of_failure_with_the_last_exception()
    {
        await using var stage = Of(_ => throw new IOException("disk"), s_retried);
        await stage.FailAsync("t");

        Assert.Equal(["start t", "retry IOException disk 0", "start t", "failure OSError IOException", "returned FAILURE"], _told);
    }

    [Fact]
    public async Task The_hard_time_limit_calls_the_hook_of_failure_without_an_exception()
    {
        var never = new TaskCompletionSource<ReadOnlyMemory<byte>>();
        await using var stage = Of(_ => new(never.Task), new TaskOptions { TimeLimit = TimeSpan.FromMilliseconds(50) });
        await stage.FailAsync("t");
        never.SetResult(default);

        Assert.Equal(["start t", "failure TimeLimitExceeded ", "returned FAILURE"], _told);
    }

    [Fact]
    public async Task A_hook_that_throws_is_logged_and_changes_nothing()
    {
        await using var stage = new Stage([Define("t", _ => ValueTask.FromResult(TaskInvocation.Result(7)), hooks: _ => new Throwing())]);

        Assert.Equal(7, await stage.CallAsync("t"));
        Assert.Equal(
            ["BeforeStartAsync", "OnSuccessAsync", "AfterReturnAsync"],
            stage.Log.Lines.Where(line => line.Id == 2140).Select(line => line.Text.Split(' ')[0]));
    }

    [Fact]
    public async Task Hooks_that_cannot_be_made_are_logged_and_change_nothing()
    {
        await using var stage = new Stage([Define("t", _ => ValueTask.FromResult(TaskInvocation.Result(7)), hooks: _ => throw new InvalidOperationException("no smtp"))]);

        Assert.Equal(7, await stage.CallAsync("t"));
        Assert.Single(stage.Log.Lines, line => line.Id == 2140);
    }

    [Fact]
    public async Task Hooks_have_a_scope_of_their_own_which_ends_with_them()
    {
        using var services = new ServiceCollection().AddScoped<Thing>().BuildServiceProvider();
        Thing? ofHooks = null;
        Thing? ofTask = null;
        await using var stage = new Stage(
            [Define("t", run => { ofTask = run.Service<Thing>(); return ValueTask.FromResult(TaskInvocation.Result(7)); }, hooks: call => { ofHooks = call.Service<Thing>(); return new Tell(_told); })],
            services: services);
        await stage.CallAsync("t");

        Assert.NotSame(ofTask, ofHooks);
        Assert.True(ofHooks!.IsDisposed);
    }

    [Fact]
    public async Task A_hook_may_send_tasks_which_become_children()
    {
        await using var stage = new Stage([Define("t", _ => ValueTask.FromResult(TaskInvocation.Result(7)), hooks: _ => new Sending()), Define("next", _ => ValueTask.FromResult(TaskInvocation.Result(1)))]);
        var sent = await stage.Client.SendAsync(new Signature<int>("t"), Token);
        await sent.GetAsync(Patience, Token);

        Assert.Single(await sent.ChildrenAsync(Token));
    }

    private Stage Of(TaskInvoker invoker, TaskOptions? options = null) => new([Define("t", invoker, options, _ => new Tell(_told))]);

    private sealed class Tell(ConcurrentQueue<string> told) : ITaskHooks
    {
        public ValueTask BeforeStartAsync(TaskContext task) => Add($"start {task.Name}");

        public ValueTask OnSuccessAsync(TaskContext task, ReadOnlyMemory<byte> result) => Add($"success {System.Text.Encoding.UTF8.GetString(result.Span)}");

        public ValueTask OnFailureAsync(TaskContext task, TaskFailure failure, Exception? error) => Add($"failure {failure.Type} {error?.GetType().Name}");

        public ValueTask OnRetryAsync(TaskContext task, Exception cause, TimeSpan delay) => Add($"retry {cause.GetType().Name} {cause.Message} {delay.TotalSeconds}");

        public ValueTask AfterReturnAsync(TaskContext task, string state) => Add($"returned {state}");

        private ValueTask Add(string text)
        {
            told.Enqueue(text);
            return default;
        }
    }

    private sealed class Throwing : ITaskHooks
    {
        public ValueTask BeforeStartAsync(TaskContext task) => throw new InvalidOperationException("before");

        public async ValueTask OnSuccessAsync(TaskContext task, ReadOnlyMemory<byte> result)
        {
            await Task.Yield();
            throw new InvalidOperationException("success");
        }

        public ValueTask AfterReturnAsync(TaskContext task, string state) => throw new InvalidOperationException("after");
    }

    private sealed class Sending : ITaskHooks
    {
        public async ValueTask OnSuccessAsync(TaskContext task, ReadOnlyMemory<byte> result) => await TaskClient.Current.SendAsync(new Signature("next"), Token);
    }

    private sealed class Thing : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
