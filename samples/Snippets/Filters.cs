using System.Diagnostics;
using Celeriac;
using Celeriac.Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace Snippets;

#region filter
public sealed class SlowTasks(TextWriter log) : ITaskFilter
{
    public async ValueTask<ReadOnlyMemory<byte>> RunAsync(TaskInvocation run, TaskInvoker next)
    {
        var begun = Stopwatch.GetTimestamp();
        try
        {
            return await next(run);
        }
        finally
        {
            if (Stopwatch.GetElapsedTime(begun) is { TotalSeconds: > 10 } took)
            {
                await log.WriteLineAsync($"{run.Context.Name} took {took}");
            }
        }
    }
}
#endregion

#region hooks
public sealed class ImportHooks(TextWriter log) : ITaskHooks
{
    public async ValueTask OnRetryAsync(TaskContext task, Exception cause, TimeSpan delay) =>
        await log.WriteLineAsync($"Import {task.Id} comes again in {delay}: {cause.Message}");

    public async ValueTask OnFailureAsync(TaskContext task, TaskFailure failure, Exception? error) =>
        await TaskClient.Current.SendAsync(new Signature("ops.page").WithArgs(task.Id, failure.Type));
}

public static partial class Warehouse
{
    [Task("warehouse.import", Hooks = typeof(ImportHooks))]
    public static Task ImportAsync(string path) => File.ReadAllTextAsync(path);
}
#endregion

#region send_filter
public sealed class TenantHeader : ISendFilter
{
    public ValueTask<string> SendAsync(Signature signature, TaskSender next, CancellationToken cancellationToken) =>
        next(signature.Set(options => options with { Headers = (options.Headers ?? MessageHeaders.Empty).With("tenant", "acme") }), cancellationToken);
}
#endregion

public static class Filtered
{
    public static void Register(IServiceCollection services)
    {
        #region add_filter
        services.AddCeleriac(celeriac => celeriac
            .AddTasks()
            .AddFilter<SlowTasks>()                                  // every task
            .AddFilter<SlowTasks>(order: 10, tasks: "reports.*")     // some; the lowest order is the outermost
            .AddSendFilter<TenantHeader>());
        #endregion
    }
}
