using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.SharedState;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>
/// What tasks hold in shared state while they are under way: the claims of unique ones and checkpoints. A store that is away costs no task its run or its
/// outcome: what is not released expires.
/// </summary>
internal sealed class HeldState(StateHome home, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>Just before a run.</summary>
    public ValueTask StartedAsync(TaskRequest request) =>
        home.Store is { } store && UniqueClaim.Of(request.Message.Headers) is { } claim ? RenewAsync(store, claim, request) : ValueTask.CompletedTask;

    /// <summary>Just before a retry is sent: once it is sent, another worker may end the task.</summary>
    public ValueTask RetryingAsync(TaskRequest request, TimeSpan delay) =>
        home.Store is { } store && UniqueClaim.Of(request.Message.Headers) is { } claim
            ? TryAsync(token => UniqueClaims.RetryingAsync(store, claim, request.Id, delay, token), request, "renew the claim of")
            : ValueTask.CompletedTask;

    /// <summary>Once a task has ended for good and its outcome is kept.</summary>
    /// <param name="request">The task.</param>
    /// <param name="redelivered">True where an earlier run may have left something.</param>
    public ValueTask EndedAsync(TaskRequest request, bool redelivered)
    {
        if (home.Store is not { } store)
        {
            return ValueTask.CompletedTask;
        }
        var claim = UniqueClaim.Of(request.Message.Headers);
        var mayHaveCheckpoint = request.HasCheckpoint || request.Retries > 0 || redelivered;
        return claim is not null || mayHaveCheckpoint ? EndAsync(store, claim, mayHaveCheckpoint, request) : ValueTask.CompletedTask;
    }

    // Methods of their own: what their closures capture is allocated only for tasks that hold something.
    private ValueTask RenewAsync(IStateStore store, UniqueClaim claim, TaskRequest request) =>
        TryAsync(token => UniqueClaims.StartedAsync(store, claim, request.Id, token), request, "renew the claim of");

    private async ValueTask EndAsync(IStateStore store, UniqueClaim? claim, bool mayHaveCheckpoint, TaskRequest request)
    {
        if (claim is not null)
        {
            await TryAsync(token => UniqueClaims.ReleaseAsync(store, claim, request.Id, token), request, "release the claim of").ConfigureAwait(false);
        }
        if (mayHaveCheckpoint)
        {
            await TryAsync(token => Checkpoints.DeleteAsync(store, request.Id, token), request, "delete the checkpoint of").ConfigureAwait(false);
        }
    }

    private async ValueTask TryAsync(Func<CancellationToken, ValueTask> work, TaskRequest request, string what)
    {
        using var patience = new CancellationTokenSource(s_patience, time);
        try
        {
            await work(patience.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Log.HeldStateKept(log, error, what, request.Task, request.Id);
        }
    }
}
