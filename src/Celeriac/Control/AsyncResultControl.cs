using System.Text.Json.Nodes;

namespace Celeriac;

/// <summary>Remote control of a task that was sent.</summary>
public static class AsyncResultControl
{
    /// <summary>Takes the task back, or every member of a group: workers that get it do not run it. Answers of workers are not waited for.</summary>
    /// <param name="result">The task.</param>
    /// <param name="terminate">True also ends it where it runs: a C# worker fires its cancellation token, a Python worker kills the process that runs it.</param>
    /// <param name="signal">The signal that a Python worker kills with.</param>
    /// <param name="cancellationToken">Ends the wait for the broker.</param>
    /// <exception cref="InvalidOperationException">The result was made without a client, and no client is open.</exception>
    public static ValueTask RevokeAsync(this AsyncResult result, bool terminate = false, string signal = "SIGTERM", CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(result);
        return (result.Client ?? TaskClient.Current).Control.SendAsync(
            "revoke", new() { ["task_id"] = result.Group is { } group ? new JsonArray([.. group.Members.Select(member => (JsonNode?)member.Id)]) : result.Id, ["terminate"] = terminate, ["signal"] = signal }, options: null, cancellationToken);
    }
}
