using Celeriac.Diagnostics;
using Celeriac.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Celeriac.Filters;

/// <summary>Calls the hooks of one run. What they throw is logged and forgotten.</summary>
internal sealed class HookedRun : IOutcomeVisitor<ValueTask>, IAsyncDisposable
{
    private readonly TaskContext _context;
    private readonly ILogger _log;
    private readonly AsyncServiceScope? _scope;
    private readonly TaskInvocation _invocation;
    private ITaskHooks? _hooks;
    private Exception? _error;

    public HookedRun(TaskDefinition task, TaskContext context, IServiceProvider? services, ILogger log)
    {
        _context = context;
        _log = log;
        _scope = services?.CreateAsyncScope();
        _invocation = new TaskInvocation(task, default, context, _scope?.ServiceProvider, context.CancellationToken);
    }

    public ValueTask BeginAsync() => CallAsync(nameof(ITaskHooks.BeforeStartAsync), () =>
    {
        _hooks = _invocation.Definition.Hooks!(_invocation);
        return _hooks.BeforeStartAsync(_context);
    });

    /// <param name="outcome">How the run ended.</param>
    /// <param name="error">What it threw.</param>
    public ValueTask EndAsync(Outcome outcome, Exception? error)
    {
        _error = error is TaskRetryException { InnerException: { } cause } ? cause : error;
        return _hooks is null ? default : outcome.Accept(this);
    }

    public ValueTask Succeeded(Outcome.Succeeded outcome) =>
        EndAsync(nameof(ITaskHooks.OnSuccessAsync), () => _hooks!.OnSuccessAsync(_context, outcome.Result), TaskStates.Success);

    public ValueTask Failed(Outcome.Failed outcome) =>
        EndAsync(nameof(ITaskHooks.OnFailureAsync), () => _hooks!.OnFailureAsync(_context, outcome.Failure, _error), TaskStates.Failure);

    public ValueTask Retrying(Outcome.Retrying outcome) =>
        CallAsync(nameof(ITaskHooks.OnRetryAsync), () => _hooks!.OnRetryAsync(_context, _error!, outcome.Delay));

    // As in Celery: neither leaves a state, so neither has ended.
    public ValueTask Ignored(Outcome.Ignored outcome) => default;

    public ValueTask Rejected(Outcome.Rejected outcome) => default;

    public ValueTask Expired(Outcome.Expired outcome) => default;

    public ValueTask Revoked(Outcome.Revoked outcome) => ReturnedAsync(TaskStates.Revoked);

    public ValueTask Interrupted(Outcome.Interrupted outcome) => default;

    public ValueTask Lost(Outcome.Lost outcome) => default;

    public async ValueTask DisposeAsync()
    {
        await CallAsync("Dispose", async () =>
        {
            await _invocation.EndAsync().ConfigureAwait(false);
            if (_scope is { } opened)
            {
                await opened.DisposeAsync().ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
    }

    private async ValueTask EndAsync(string name, Func<ValueTask> hook, string state)
    {
        await CallAsync(name, hook).ConfigureAwait(false);
        await ReturnedAsync(state).ConfigureAwait(false);
    }

    private ValueTask ReturnedAsync(string state) => CallAsync(nameof(ITaskHooks.AfterReturnAsync), () => _hooks!.AfterReturnAsync(_context, state));

    private async ValueTask CallAsync(string name, Func<ValueTask> hook)
    {
        try
        {
            await hook().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Log.HookFailed(_log, error, name, _context.Name, _context.Id);
        }
    }
}
