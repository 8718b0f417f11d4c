using System.Collections.Concurrent;
using Celeriac.Messaging;

namespace Celeriac.Sending;

/// <summary>The task queues by name: those of the options, those that came later, and for every other name what a missing queue is (CELERY-PROTOCOL section 2).</summary>
internal sealed class QueueDefinitions
{
    private const string BroadcastPrefix = "bcast.";
    private const int UuidLength = 36;
    private readonly ConcurrentDictionary<string, TaskQueue> _known = new(StringComparer.Ordinal);
    private readonly string[] _configured;
    private readonly string _defaultQueue;
    private readonly bool _createsMissing;
    private readonly QueueType? _missingType;
    private readonly byte? _maxPriority;
    private readonly string _defaultExchange;
    private readonly ExchangeType _defaultExchangeType;
    private readonly string _defaultRoutingKey;

    public QueueDefinitions(CeleriacOptions options)
    {
        _defaultQueue = options.DefaultQueue;
        _createsMissing = options.CreateMissingQueues;
        _missingType = options.CreateMissingQueueType;
        _maxPriority = options.QueueMaxPriority is > 0 and var priority ? priority : null;
        _defaultExchange = options.DefaultExchange is { Length: > 0 } exchange ? exchange : options.DefaultQueue;
        _defaultExchangeType = options.DefaultExchangeType;
        _defaultRoutingKey = options.DefaultRoutingKey ?? options.DefaultQueue;
        _configured = [.. options.TaskQueues.Select(queue => queue.Name).Distinct(StringComparer.Ordinal)];
        foreach (var queue in options.TaskQueues)
        {
            _known[queue.Name] = Complete(queue);
        }
        if (_configured.Length == 0)
        {
            // As in Celery: where no queues are configured, there is the default one.
            _known[_defaultQueue] = Complete(new TaskQueue(_defaultQueue) { Type = options.DefaultQueueType });
        }
    }

    /// <summary>What a worker consumes that was told nothing.</summary>
    public IReadOnlyList<string> Consumed => _configured.Length > 0 ? _configured : [_defaultQueue];

    /// <summary>The queue of that name; a missing one as it would be created.</summary>
    public TaskQueue Find(string name) => _known.TryGetValue(name, out var known) ? known : new TaskQueue(name)
    {
        Exchange = name,
        ExchangeType = ExchangeType.Direct,
        RoutingKey = name,
        MaxPriority = _maxPriority,
        Type = _missingType,
    };

    /// <summary>The queue of that name, for sending to it or consuming it.</summary>
    /// <exception cref="QueueNotFoundException">It is missing, and missing queues are not created.</exception>
    public TaskQueue Require(string name) =>
        _createsMissing || _known.ContainsKey(name) ? Find(name) : throw new QueueNotFoundException(name, _known.Keys.Order(StringComparer.Ordinal));

    /// <summary>True where the name stands for the own queues of many workers.</summary>
    public bool IsBroadcast(string name) => _known.TryGetValue(name, out var queue) && queue.IsBroadcast;

    /// <summary>A queue that came later, from remote control; one that is known stays as it is.</summary>
    public void Add(TaskQueue queue) => _known.TryAdd(queue.Name, Complete(queue));

    /// <summary>The queues that one worker consumes for these names: of a broadcast queue one of its own.</summary>
    public IReadOnlyList<string> ForWorker(IEnumerable<string> names) => [.. names.Distinct(StringComparer.Ordinal).Select(ForWorker)];

    /// <inheritdoc cref="ForWorker(IEnumerable{string})"/>
    public string ForWorker(string name)
    {
        if (!Require(name).IsBroadcast)
        {
            return name;
        }
        var own = $"{BroadcastPrefix}{Guid.NewGuid()}.{name}";
        _known[own] = new TaskQueue(own) { Exchange = name, ExchangeType = ExchangeType.Fanout, RoutingKey = "" };
        return own;
    }

    /// <summary>The name in options and routes of a queue that a worker consumes: the queue itself, or the broadcast queue whose part it is.</summary>
    public static string NameOf(string queue) => IsPart(queue) ? queue[(BroadcastPrefix.Length + UuidLength + 1)..] : queue;

    /// <summary>True for a worker's own queue of a broadcast queue.</summary>
    public static bool IsPart(string queue) =>
        queue.Length > BroadcastPrefix.Length + UuidLength + 1 && queue.StartsWith(BroadcastPrefix, StringComparison.Ordinal)
        && queue[BroadcastPrefix.Length + UuidLength] == '.' && Guid.TryParseExact(queue.AsSpan(BroadcastPrefix.Length, UuidLength), "D", out _);

    private TaskQueue Complete(TaskQueue queue) => queue with
    {
        Exchange = queue.Exchange is { Length: > 0 } exchange ? exchange : _defaultExchange,
        ExchangeType = queue.ExchangeType ?? (queue.Exchange is { Length: > 0 } ? ExchangeType.Direct : _defaultExchangeType),
        RoutingKey = queue.RoutingKey ?? _defaultRoutingKey,
        MaxPriority = queue.MaxPriority ?? (queue.Type == QueueType.Quorum || queue.IsBroadcast ? null : _maxPriority),
    };
}
