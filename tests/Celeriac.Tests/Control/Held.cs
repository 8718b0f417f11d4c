using System.Collections.Concurrent;

namespace Celeriac.Tests.Control;

/// <summary>A task that says when it runs, and runs until it is let go or cancelled.</summary>
internal static class Held
{
    private static readonly ConcurrentDictionary<string, TaskCompletionSource> s_started = new();
    private static readonly ConcurrentDictionary<string, TaskCompletionSource> s_released = new();

    public static TaskDefinition Definition { get; } = Define("test.held", new TaskOptions());

    public static TaskDefinition Define(string name, TaskOptions options) => new()
    {
        Name = name,
        Options = options,
        Method = "Tests.Held",
        Parameters = [],
        Invoker = async invocation =>
        {
            Of(s_started, invocation.Context.Id).TrySetResult();
            await Of(s_released, invocation.Context.Id).Task.WaitAsync(invocation.CancellationToken);
            return TaskInvocation.NoResult;
        },
    };

    public static Signature Signature => new("test.held");

    public static Task StartedAsync(string id) => Of(s_started, id).Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public static bool HasStarted(string id) => Of(s_started, id).Task.IsCompleted;

    public static void Release(string id) => Of(s_released, id).TrySetResult();

    private static TaskCompletionSource Of(ConcurrentDictionary<string, TaskCompletionSource> all, string id) =>
        all.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
