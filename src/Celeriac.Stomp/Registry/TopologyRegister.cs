using System.Text.Json;
using System.Text.Json.Serialization;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;

namespace Celeriac.Stomp.Registry;

/// <summary>
/// Everything declared, as the one message of the queue <c>celeriac.topology</c>. ActiveMQ's STOMP can neither ask whether a queue exists nor
/// bind it, so the declarations are kept beside the queues and publishers route by them.
/// </summary>
/// <param name="Version">Grows with each change.</param>
/// <param name="LastQueue">The id given last: a queue that is deleted and declared again has another one.</param>
internal sealed record TopologyRegister(long Version, long LastQueue)
{
    /// <summary>The register of a broker that was never used.</summary>
    public static TopologyRegister Empty { get; } = new(0, 0);

    /// <summary>The exchanges.</summary>
    public IReadOnlyList<ExchangeDeclaration> Exchanges { get; init; } = [];

    /// <summary>The queues.</summary>
    public IReadOnlyList<StoredQueue> Queues { get; init; } = [];

    /// <summary>The bindings.</summary>
    public IReadOnlyList<Binding> Bindings { get; init; } = [];

    /// <summary>What publications are routed by.</summary>
    public RoutingTable ToTable() => new(new TopologySnapshot(Version, Exchanges, Queues, Bindings));

    /// <summary>The register after a change.</summary>
    public TopologyRegister Apply(TopologyChange change)
    {
        var lastQueue = LastQueue;
        var removed = Queues.Where(queue => change.RemoveQueues.Contains(queue.Id)).Select(queue => queue.Declaration.Name).ToHashSet(StringComparer.Ordinal);
        var bindings = Bindings.Except(change.RemoveBindings)
            .Where(binding => !removed.Contains(binding.Queue) && !change.RemoveExchanges.Contains(binding.Exchange));
        return new TopologyRegister(Version + 1, LastQueue + change.Add.Queues.Count)
        {
            Exchanges = [.. Exchanges.Where(exchange => !change.RemoveExchanges.Contains(exchange.Name)), .. change.Add.Exchanges],
            Queues = [.. Queues.Where(queue => !change.RemoveQueues.Contains(queue.Id)), .. change.Add.Queues.Select(queue => new StoredQueue(++lastQueue, queue))],
            Bindings = [.. bindings, .. change.Add.Bindings],
        };
    }

    /// <summary>The body of the message.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, RegisterJson.Default.TopologyRegister);

    // Whoever may write to the broker may write into the queue of the register; what is no register must not become one.
    private bool IsWhole() =>
        Exchanges is not null && Queues is not null && Bindings is not null
        && Exchanges.All(exchange => exchange?.Name is not null) && AreDistinct(Exchanges.Select(exchange => exchange.Name))
        && Queues.All(queue => queue?.Declaration?.Name is not null) && AreDistinct(Queues.Select(queue => queue.Declaration.Name)) && AreDistinct(Queues.Select(queue => queue.Id))
        && Bindings.All(binding => binding is { Exchange: not null, Queue: not null, RoutingKey: not null });

    private static bool AreDistinct<T>(IEnumerable<T> items)
    {
        var seen = new HashSet<T>();
        return items.All(seen.Add);
    }

    /// <summary>Reads a body; null where it is none of ours.</summary>
    public static TopologyRegister? TryDecode(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, RegisterJson.Default.TopologyRegister) is { } register && register.IsWhole() ? register : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TopologyRegister))]
internal sealed partial class RegisterJson : JsonSerializerContext;
