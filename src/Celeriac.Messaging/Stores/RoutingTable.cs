using System.Text;

namespace Celeriac.Messaging.Stores;

/// <summary>Answers which queues a publication reaches, for one version of the topology.</summary>
internal sealed class RoutingTable
{
    private readonly Dictionary<string, StoredQueue> _queues;
    private readonly Dictionary<string, StoredQueue[]> _byName;
    private readonly Dictionary<long, StoredQueue> _queuesById;
    private readonly Dictionary<string, ExchangeDeclaration> _exchanges;
    private readonly ILookup<string, Binding> _bindings;

    public RoutingTable(TopologySnapshot snapshot)
    {
        Snapshot = snapshot;
        _queues = snapshot.Queues.ToDictionary(queue => queue.Declaration.Name, StringComparer.Ordinal);
        _byName = snapshot.Queues.ToDictionary(queue => queue.Declaration.Name, queue => new[] { queue }, StringComparer.Ordinal);
        _queuesById = snapshot.Queues.ToDictionary(queue => queue.Id);
        _exchanges = snapshot.Exchanges.ToDictionary(exchange => exchange.Name, StringComparer.Ordinal);
        _bindings = snapshot.Bindings.ToLookup(binding => binding.Exchange, StringComparer.Ordinal);
    }

    public TopologySnapshot Snapshot { get; }

    public long Version => Snapshot.Version;

    public StoredQueue? Queue(string name) => _queues.GetValueOrDefault(name);

    public StoredQueue? Queue(long id) => _queuesById.GetValueOrDefault(id);

    public ExchangeDeclaration? Exchange(string name) => _exchanges.GetValueOrDefault(name);

    public bool HasBinding(Binding binding) => _bindings[binding.Exchange].Contains(binding);

    /// <summary>The queues, each once; null where the exchange does not exist.</summary>
    public IReadOnlyList<StoredQueue>? Route(string exchange, string routingKey)
    {
        if (exchange.Length == 0)
        {
            return _byName.GetValueOrDefault(routingKey) ?? [];
        }
        return Exchange(exchange) is { } declared ? RouteBound(declared, routingKey) : null;
    }

    private StoredQueue[] RouteBound(ExchangeDeclaration exchange, string routingKey) =>
        [.. _bindings[exchange.Name].Where(binding => Matches(exchange.Type, binding.RoutingKey, routingKey))
            .Select(binding => Queue(binding.Queue)).OfType<StoredQueue>().Distinct()];

    /// <summary>The queues that a dead letter of this queue reaches; none where it has no dead-letter exchange.</summary>
    public IReadOnlyList<StoredQueue> RouteDeadLetter(QueueDeclaration queue, string routingKey) =>
        queue.DeadLetterExchange is { } exchange ? Route(exchange, queue.DeadLetterRoutingKey ?? routingKey) ?? [] : [];

    private static bool Matches(ExchangeType type, string pattern, string routingKey) => type switch
    {
        ExchangeType.Direct => pattern == routingKey,
        ExchangeType.Fanout => true,
        ExchangeType.Topic => MatchesTopic(pattern.Split('.'), routingKey.Split('.')),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not an exchange type."),
    };

    /// <summary>Dynamic programming over the words, because a pattern with several <c>#</c> would explode a recursive match.</summary>
    internal static bool MatchesTopic(string[] pattern, string[] words)
    {
        // reachable[i]: the pattern so far can have consumed the first i words.
        var reachable = new bool[words.Length + 1];
        reachable[0] = true;
        foreach (var part in pattern)
        {
            if (part == "#")
            {
                var first = Array.IndexOf(reachable, true);
                Array.Fill(reachable, true, first < 0 ? reachable.Length : first, first < 0 ? 0 : reachable.Length - first);
                continue;
            }
            for (var index = words.Length; index > 0; index--)
            {
                reachable[index] = reachable[index - 1] && (part == "*" || part == words[index - 1]);
            }
            reachable[0] = false;
        }
        return reachable[words.Length];
    }

    /// <summary>Refuses a name that brokers could not carry.</summary>
    public static void CheckName(string kind, string name)
    {
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > 255 || name.AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            throw new TransportRefusedException($"The {kind} name '{(name.Length > 60 ? name[..60] + "…" : name)}' is refused: 1–255 bytes without control characters are allowed. Choose another name.");
        }
    }
}
