using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.SharedState;

namespace Celeriac.Sending;

/// <summary>Sends a call of a unique task: first the claim, then the message.</summary>
internal sealed class UniqueSending(TaskClient client, Signature signature, UniqueClaim claim)
{
    /// <summary>Sends it under an id; or answers the id of the equal call that is under way.</summary>
    /// <exception cref="SharedStateException">There is no shared state.</exception>
    public async ValueTask<SentCall> SendAsync(
        string id, Func<Signature, string, UniqueClaim?, CancellationToken, ValueTask<SentCall>> publish, CancellationToken cancellationToken)
    {
        var store = client.SharedState.Require($"Task '{signature.Task}' is unique, which").Store;
        if (await UniqueClaims.TryTakeAsync(store, claim, id, Delay(), HasEndedAsync, cancellationToken).ConfigureAwait(false) is { } first)
        {
            return new SentCall(first, null, IsDuplicate: true);
        }
        try
        {
            return await publish(signature, id, claim, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not (PublishUnknownException or OperationCanceledException))
        {
            // It was surely not sent. Where that is not known the claim stays: whoever sends it again under the same id may, all others wait for the window.
            await ReleaseAsync(store, id).ConfigureAwait(false);
            throw;
        }
    }

    private TimeSpan Delay() => signature.Options.Eta is { } eta ? eta - client.Time.GetUtcNow() : signature.Options.Countdown ?? TimeSpan.Zero;

    private async ValueTask ReleaseAsync(IStateStore store, string id)
    {
        try
        {
            await UniqueClaims.ReleaseAsync(store, claim, id, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TransportException)
        {
            // What the caller must hear is why the task was not sent; the claim ends with its window.
        }
    }

    /// <summary>A worker ends a task and then its claim: who has seen the result must be able to send anew, also where the worker died in between.</summary>
    private async ValueTask<bool> HasEndedAsync(string holder)
    {
        try
        {
            return await client.Results.ReadAsync(holder).ConfigureAwait(false) is { } record
                && (TaskStates.IsReady(record.Status) || (claim.Until == UniqueUntil.Started && record.Status == TaskStates.Started));
        }
        catch (Exception error) when (error is TransportException or InvalidOperationException)
        {
            return false;
        }
    }
}
