using System.Text;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.SharedState;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>
/// Keeps the bodies of chords from running twice. A body may be published more than once, always with one id: of all messages of that id one runs, and the others are
/// dropped once that one has ended. While it runs its claim lives in shared state; a worker that dies lets it expire.
/// </summary>
internal sealed class OnceGuard(TaskClient client, TimeProvider time, ILogger log)
{
    private const string Done = "done";
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_renewal = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_memory = TimeSpan.FromDays(1);

    /// <summary>True for the body of a chord, which needs a turn.</summary>
    public bool Concerns(AdmittedTask task) => client.SharedState.Store is not null && task.Request.Message.Headers.TextOf(TaskHeader.Once) is not null;

    /// <summary>The turn of a task; null for all but bodies, which need none.</summary>
    public async ValueTask<OnceTurn?> EnterAsync(AdmittedTask task, CancellationToken stop)
    {
        if (client.SharedState.Store is not { } store || task.Request.Message.Headers.TextOf(TaskHeader.Once) is not { } copy)
        {
            return null;
        }
        var key = StateKey.Of("once", StateKey.Part(task.Request.Id));
        try
        {
            while (true)
            {
                var present = (await store.ReadAsync([key], stop).ConfigureAwait(false)).Find(key);
                var holder = present is null ? null : Encoding.UTF8.GetString(present.Content.Span);
                if (holder == Done)
                {
                    return OnceTurn.Over;
                }
                if (holder is null && await ResultAsync(task.Request.Id, stop).ConfigureAwait(false) is { } result)
                {
                    return new OnceTurn(null, result);
                }
                // What was delivered again has been let go by who held it.
                if ((holder is null || (holder == copy && (task.Delivery.Redelivered || task.Delivery.Deaths > 0))) && await TryClaimAsync(store, key, copy, present?.Version ?? 0, stop).ConfigureAwait(false))
                {
                    return new OnceTurn(new OnceClaim(store, key, copy, time), null);
                }
                await Task.Delay(s_look, time, stop).ConfigureAwait(false);
            }
        }
        catch (TransportException error)
        {
            // Rather twice than never.
            Log.OnceUnknown(log, error, task.Request.Task, task.Request.Id);
            return null;
        }
    }

    private static async ValueTask<bool> TryClaimAsync(IStateStore store, string key, string copy, long version, CancellationToken stop) =>
        (await store.TryWriteAsync([new StateChange(key, Encoding.UTF8.GetBytes(copy)) { ExpectedVersion = version, Lifetime = s_lease }], stop).ConfigureAwait(false)).IsWritten;

    /// <summary>The result of a run whose worker died before all that follows from it was sent.</summary>
    private async ValueTask<ReadOnlyMemory<byte>?> ResultAsync(string taskId, CancellationToken stop)
    {
        try
        {
            return await client.Results.ReadAsync(taskId, stop).ConfigureAwait(false) is { Status: TaskStates.Success } record ? record.Result : default(ReadOnlyMemory<byte>?);
        }
        catch (InvalidOperationException)
        {
            // Replies can be read only by who sent the task.
            return null;
        }
    }

    /// <summary>A claim that is renewed while its task runs.</summary>
    internal sealed class OnceClaim
    {
        private readonly IStateStore _store;
        private readonly string _key;
        private readonly string _copy;
        private readonly TimeProvider _time;
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Task _renewing;

        public OnceClaim(IStateStore store, string key, string copy, TimeProvider time)
        {
            (_store, _key, _copy, _time) = (store, key, copy, time);
            _renewing = RenewAsync();
        }

        /// <summary>The task has ended, or goes back to run again.</summary>
        public async ValueTask EndAsync(bool isDone)
        {
            _ended.TrySetResult();
            await _renewing.ConfigureAwait(false);
            try
            {
                await _store.TryWriteAsync([isDone
                    ? new StateChange(_key, Encoding.UTF8.GetBytes(Done)) { Lifetime = s_memory }
                    : new StateChange(_key, null)]).ConfigureAwait(false);
            }
            catch (TransportException)
            {
                // It expires.
            }
        }

        private async Task RenewAsync()
        {
            while (true)
            {
                await Task.WhenAny(_ended.Task, Task.Delay(s_renewal, _time)).ConfigureAwait(false);
                if (_ended.Task.IsCompleted)
                {
                    return;
                }
                try
                {
                    await _store.TryWriteAsync([new StateChange(_key, Encoding.UTF8.GetBytes(_copy)) { Lifetime = s_lease }]).ConfigureAwait(false);
                }
                catch (TransportException)
                {
                    // The next try may come in time.
                }
            }
        }
    }
}

/// <summary>What a body may do.</summary>
/// <param name="Claim">Its claim where it may run; null where another message of the same id has run.</param>
/// <param name="Result">The result of that run, where what follows from it may not have been sent; null where all is done.</param>
internal sealed record OnceTurn(OnceGuard.OnceClaim? Claim, ReadOnlyMemory<byte>? Result)
{
    public static OnceTurn Over { get; } = new(null, null);
}
