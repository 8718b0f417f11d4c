using Celeriac.Messaging;
using Celeriac.SharedState;

namespace Celeriac.Control;

/// <summary>A chord under way, for who wants to know why its body does not come.</summary>
/// <param name="Head">The chord.</param>
/// <param name="Count">How many of its members have ended.</param>
/// <param name="Waiting">The first of those that have not, each with its state.</param>
internal sealed record ChordView(ChordHead Head, ChordCount Count, IReadOnlyList<(ChordMember Member, string State)> Waiting);

/// <summary>Looks at the chords under way, and at what each waits for.</summary>
internal static class ChordInspection
{
    private const int MostAtOnce = 500;

    /// <summary>All chords under way, or one.</summary>
    /// <param name="client">Whose shared state and results are read.</param>
    /// <param name="id">The id of a chord's header or of its body; null for all.</param>
    /// <param name="most">How many waiting members of each are told.</param>
    /// <param name="cancellationToken">Ends the looking.</param>
    /// <exception cref="SharedStateException">There is no shared state.</exception>
    public static async IAsyncEnumerable<ChordView> ReadAsync(TaskClient client, string? id, int most, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var chords = client.Chords.Require("What chords wait for");
        string? after = null;
        do
        {
            var (heads, _, next) = await chords.Heads.ListAsync(MostAtOnce, after, cancellationToken).ConfigureAwait(false);
            foreach (var head in heads.Where(head => id is null || head.GroupId == id || head.BodyId == id))
            {
                var count = await chords.Counter.CountAsync(head.GroupId, cancellationToken).ConfigureAwait(false);
                // Without a size it is done with, and only not cleaned up.
                if (count.Size is not null)
                {
                    yield return new ChordView(head, count, await WaitingAsync(client, head, most, cancellationToken).ConfigureAwait(false));
                }
            }
            after = next;
        }
        while (after is not null);
    }

    private static async ValueTask<IReadOnlyList<(ChordMember Member, string State)>> WaitingAsync(TaskClient client, ChordHead head, int most, CancellationToken cancellationToken)
    {
        var members = await client.Chords.Heads.ReadMembersAsync(head.GroupId, cancellationToken).ConfigureAwait(false);
        var ended = (await client.Chords.Counter.ReadAsync(head.GroupId, cancellationToken).ConfigureAwait(false)).Select(part => part.TaskId).ToHashSet(StringComparer.Ordinal);
        List<(ChordMember Member, string State)> waiting = [];
        foreach (var member in members.Where(member => !ended.Contains(member.TaskId)).Take(most))
        {
            waiting.Add((member, await StateAsync(client, member.TaskId, cancellationToken).ConfigureAwait(false)));
        }
        return waiting;
    }

    private static async ValueTask<string> StateAsync(TaskClient client, string taskId, CancellationToken cancellationToken)
    {
        try
        {
            return (await client.Results.ReadAsync(taskId, cancellationToken).ConfigureAwait(false))?.Status ?? TaskStates.Pending;
        }
        catch (Exception error) when (error is InvalidOperationException or TransportException)
        {
            // Replies can be read only by who sent the task.
            return "unknown";
        }
    }
}
