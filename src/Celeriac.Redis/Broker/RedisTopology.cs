using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

/// <summary>
/// What is declared, at one version: our own exchanges and queues, and the bindings in Kombu's sets. A queue that only Python has bound has a name and a negative
/// number of this process's own, so that it can be routed to and does not stand in the way of a declaration.
/// </summary>
internal sealed class RedisTopology
{
    private const string ForeignMark = "\u0001";

    private readonly Dictionary<long, StoredQueue> _queues = [];

    private RedisTopology(long version, string digest, string registered, IReadOnlyList<ExchangeDeclaration> exchanges, List<StoredQueue> queues, List<Binding> bindings, Dictionary<string, string> digests)
    {
        Snapshot = new TopologySnapshot(version, exchanges, queues, bindings);
        (Digest, Registered) = (digest, registered);
        Digests = digests;
        Types = exchanges.ToDictionary(exchange => exchange.Name, exchange => exchange.Type, StringComparer.Ordinal);
        foreach (var queue in queues)
        {
            _queues[queue.Id] = queue;
        }
    }

    public TopologySnapshot Snapshot { get; }

    /// <summary>The digest of everything.</summary>
    public string Digest { get; }

    /// <summary>The version of our declarations.</summary>
    public string Registered { get; }

    /// <summary>The digests of Kombu's sets by exchange.</summary>
    public IReadOnlyDictionary<string, string> Digests { get; }

    /// <summary>The exchanges' types.</summary>
    public IReadOnlyDictionary<string, ExchangeType> Types { get; }

    public StoredQueue? Queue(long id) => _queues.GetValueOrDefault(id);

    /// <summary>The queue's name, as its list has it.</summary>
    public string? NameOf(long id) => Queue(id) is { } queue ? Plain(queue.Declaration.Name) : null;

    /// <summary>
    /// Whether a queue that is bound to a fanout exchange hears a routing key: Kombu's fanout heeds patterns. A key without a pattern hears everything.
    /// </summary>
    public bool Hears(string queue, string exchange, string routingKey) => Snapshot.Bindings.Any(binding => binding.Exchange == exchange && binding.Queue == queue
        && (!binding.RoutingKey.AsSpan().ContainsAny('*', '#') || RoutingTable.MatchesTopic(binding.RoutingKey.Split('.'), routingKey.Split('.'))));

    /// <summary>Reads the answer of the script that looks up.</summary>
    /// <param name="version">This process's number of it.</param>
    /// <param name="answer">What was answered.</param>
    /// <param name="separator">What parts the members of a binding.</param>
    public static RedisTopology Read(long version, RedisResult answer, string separator)
    {
        var exchanges = Pairs(answer[2]).Select(pair => ExchangeOf(pair.Key, pair.Value)).ToList();
        var queues = Pairs(answer[3]).Select(pair => QueueOf(pair.Value)).ToList();
        var names = queues.Select(queue => queue.Declaration.Name).ToHashSet(StringComparer.Ordinal);
        var bindings = ((string[])answer[4]!).Select(text => text.Split(separator)).Where(parts => parts.Length == 3).Select(parts => new Binding(parts[2], parts[1], parts[0])).ToList();
        var digests = new Dictionary<string, string>(StringComparer.Ordinal);
        var foreign = new HashSet<string>(StringComparer.Ordinal);
        foreach (var set in (RedisResult[])answer[5]!)
        {
            var exchange = (string)set[0]!;
            digests[exchange] = (string)set[1]!;
            // Kombu: routing key, pattern, queue.
            foreach (var parts in ((string[])set[2]!).Select(text => text.Split(separator)).Where(parts => parts is [_, _, { Length: > 0 }]))
            {
                var isOurs = names.Contains(parts[2]);
                bindings.Add(new Binding(exchange, isOurs ? parts[2] : ForeignMark + parts[2], parts[0]));
                if (!isOurs && foreign.Add(parts[2]))
                {
                    queues.Add(new StoredQueue(-foreign.Count, new QueueDeclaration(ForeignMark + parts[2])));
                }
            }
        }
        return new RedisTopology(version, (string)answer[0]!, (string)answer[1]!, exchanges, queues, bindings, digests);
    }

    /// <summary>A declaration as it is stored: without what says nothing on Redis.</summary>
    public static string Text(QueueDeclaration queue) => JsonSerializer.Serialize(queue, TopologyJson.Default.QueueDeclaration);

    /// <summary>A declaration as it is stored.</summary>
    public static string Text(ExchangeDeclaration exchange) => exchange.Durable ? $"{exchange.Type}" : $"{exchange.Type}:transient";

    /// <summary>A binding as Kombu writes it: routing key, the regular expression of a topic, queue.</summary>
    public static string Text(Binding binding, ExchangeType type, string separator) =>
        string.Join(separator, binding.RoutingKey, type == ExchangeType.Topic ? PatternOf(binding.RoutingKey) : "", Plain(binding.Queue));

    /// <summary>A binding of a fanout exchange, in a set of our own: Kombu would put copies into the lists of queues that nobody reads.</summary>
    public static string FanoutText(Binding binding, string separator) => string.Join(separator, binding.RoutingKey, binding.Queue, binding.Exchange);

    private static string Plain(string name) => name.StartsWith(ForeignMark, StringComparison.Ordinal) ? name[1..] : name;

    private static ExchangeDeclaration ExchangeOf(string name, string kind)
    {
        var parts = kind.Split(':');
        return new ExchangeDeclaration(name, Enum.Parse<ExchangeType>(parts[0])) { Durable = parts.Length == 1 };
    }

    private static StoredQueue QueueOf(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return new StoredQueue(
            long.Parse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture),
            JsonSerializer.Deserialize(text.AsSpan(colon + 1), TopologyJson.Default.QueueDeclaration)!);
    }

    private static string PatternOf(string key)
    {
        var pattern = new StringBuilder("^");
        foreach (var word in key.Split('.'))
        {
            pattern.Append(pattern.Length > 1 ? @"\." : "").Append(word switch
            {
                "*" => @".*?[^\.]",
                "#" => ".*?",
                _ => string.Concat(word.Select(letter => char.IsLetterOrDigit(letter) || letter is '#' or '*' ? $"{letter}" : $"\\{letter}")),
            });
        }
        return pattern.Append('$').ToString();
    }

    private static IEnumerable<KeyValuePair<string, string>> Pairs(RedisResult list)
    {
        var items = (string[])list!;
        for (var index = 0; index + 1 < items.Length; index += 2)
        {
            yield return KeyValuePair.Create(items[index], items[index + 1]);
        }
    }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(QueueDeclaration))]
[JsonSerializable(typeof(ExchangeDeclaration))]
[JsonSerializable(typeof(Binding))]
internal sealed partial class TopologyJson : JsonSerializerContext;
