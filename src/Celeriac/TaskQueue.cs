using Celeriac.Messaging;

namespace Celeriac;

/// <summary>
/// A queue that tasks travel through, as Celery's <c>task_queues</c> declare it. A direct queue is published to by its name; a topic or fanout one through its exchange.
/// </summary>
/// <param name="Name">The name.</param>
public sealed record TaskQueue(string Name)
{
    /// <summary>The exchange it is bound to; null for <see cref="CeleriacOptions.DefaultExchange"/>, with that one's type.</summary>
    public string? Exchange { get; init; }

    /// <summary>What kind of exchange it is; null for direct, or the default exchange's type where <see cref="Exchange"/> is null.</summary>
    public ExchangeType? ExchangeType { get; init; }

    /// <summary>The key or topic pattern it is bound with, and the key of tasks that bring none; null for <see cref="CeleriacOptions.DefaultRoutingKey"/>.</summary>
    public string? RoutingKey { get; init; }

    /// <summary>Further bindings, beside the one of <see cref="Exchange"/> and <see cref="RoutingKey"/>.</summary>
    public IReadOnlyList<TaskQueueBinding> Bindings { get; init; } = [];

    /// <summary>1–255 makes the queue order its tasks by priority up to this number; null for <see cref="CeleriacOptions.QueueMaxPriority"/>.</summary>
    public byte? MaxPriority { get; init; }

    /// <summary>Classic or quorum, on RabbitMQ; null for the broker URL's <c>queue_type</c>.</summary>
    public QueueType? Type { get; init; }

    /// <summary>A message that has waited this long is dropped; null for never. A task's own <c>expires</c> tells its caller, this does not.</summary>
    public TimeSpan? MessageTimeToLive { get; init; }

    /// <summary>The queue is deleted when nobody has used it for this long; null for never.</summary>
    public TimeSpan? Expires { get; init; }

    /// <summary>True where each worker has a queue of its own on a fanout exchange of this name.</summary>
    public bool IsBroadcast { get; private init; }

    /// <summary>
    /// A queue whose tasks every worker runs that consumes it; Kombu's <c>Broadcast</c>. Each worker writes the result of the same id, and the last one stays: let such tasks
    /// ignore their results. Who is away misses the task, and where nobody consumes it, sending fails.
    /// </summary>
    /// <param name="name">The name for routes and workers, and of the fanout exchange.</param>
    public static TaskQueue Broadcast(string name) => new(name) { Exchange = name, ExchangeType = Messaging.ExchangeType.Fanout, RoutingKey = "", IsBroadcast = true };
}

/// <summary>One more way into a task queue.</summary>
/// <param name="Exchange">The exchange, which is declared.</param>
/// <param name="RoutingKey">The key or topic pattern.</param>
/// <param name="ExchangeType">How the exchange routes.</param>
public sealed record TaskQueueBinding(string Exchange, string RoutingKey, ExchangeType ExchangeType = ExchangeType.Direct);

/// <summary>A task was to go to a queue that <see cref="CeleriacOptions.TaskQueues"/> does not have, and missing ones are not created.</summary>
public sealed class QueueNotFoundException : InvalidOperationException
{
    internal QueueNotFoundException(string queue, IEnumerable<string> known)
        : base($"Queue '{queue}' is not in TaskQueues (task_queues), which has {Names(known)}, and missing queues are not created. Add it, correct the name, or set CreateMissingQueues (task_create_missing_queues).")
    {
    }

    private static string Names(IEnumerable<string> known) => string.Join(", ", known.Select(name => $"'{name}'")) is { Length: > 0 } names ? names : "none";
}
