using Celeriac.Messaging;
using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Reading;

/// <summary>Counts the messages of a queue, each kind where it stands.</summary>
internal sealed class CountQueries(Database database)
{
    private readonly Statement _ready = database.Prepare("SELECT count(*) FROM ready WHERE queue = ?");
    private readonly Statement _expired = database.Prepare($"SELECT count(*) {QueuePeek.FromExpired} AND due <= ?");
    private readonly Statement _due = database.Prepare("SELECT count(*) FROM delayed WHERE queue = ? AND due <= ?");
    private readonly Statement _delayed = database.Prepare("SELECT count(*) FROM delayed WHERE queue = ? AND due > ?");
    // All claims are looked through, without an index that every claim would have to keep: there are no more than workers have fetched.
    private readonly Statement _claimed = database.Prepare("SELECT count(*) FROM claims WHERE queue = ?");
    private readonly Statement _consumers = database.Prepare("SELECT count(*) FROM holder_queues WHERE queue = ?");

    /// <summary>What is in a queue. An expired message is not ready: no consumer will see it.</summary>
    public QueueCounts Count(long queueId, long now)
    {
        var ready = Number(_ready.With(queueId)) + Number(_due.With(queueId).With(now)) - Number(_expired.With(queueId).With(now).With(now));
        return new QueueCounts(Math.Max(0, ready))
        {
            Delayed = Number(_delayed.With(queueId).With(now)),
            Unacknowledged = Number(_claimed.With(queueId)),
            Consumers = Number(_consumers.With(queueId)),
        };
    }

    private static long Number(Statement count) => count.ReadNumber() ?? 0;
}
