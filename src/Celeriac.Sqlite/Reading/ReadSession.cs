using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Reading;

/// <summary>What is read without the writer: a connection with its prepared queries, used by one caller at a time.</summary>
internal sealed class ReadSession(Database database) : IDisposable
{
    private readonly Statement _begin = database.Prepare("BEGIN");
    private readonly Statement _end = database.Prepare("COMMIT");
    private readonly Statement _version = database.Prepare("SELECT value FROM meta WHERE name = 'topology_version'");
    private readonly Statement _exchanges = database.Prepare("SELECT name, type, durable FROM exchanges");
    private readonly Statement _queues = database.Prepare("""
        SELECT id, name, durable, expires_ticks, message_ttl_ticks, max_priority, dead_letter_exchange, dead_letter_routing_key FROM queues
        """);
    private readonly Statement _bindings = database.Prepare("SELECT exchange, queue, routing_key FROM bindings");
    private readonly Statement _beats = database.Prepare("SELECT id, name, beat, lease_ticks FROM holders");

    /// <summary>Looks whether a take is worth a write.</summary>
    public QueuePeek Peek { get; } = new(database);

    /// <summary>Counts.</summary>
    public CountQueries Counts { get; } = new(database);

    /// <summary>Documents.</summary>
    public DocumentQueries Documents { get; } = new(database);

    /// <summary>Shared state.</summary>
    public StateQueries State { get; } = new(database);

    /// <summary>Reads several values of shared state in one snapshot.</summary>
    public StateReading ReadState(IReadOnlyList<string> keys, DateTimeOffset now)
    {
        _begin.Run();
        try
        {
            return State.Read(keys, now);
        }
        finally
        {
            _end.Run();
        }
    }

    /// <summary>Looks at new and at old documents in one snapshot: a lock and a look at the log for all of them.</summary>
    public DocumentNews Follow(long sequence, int limit, IReadOnlyList<string> keys, Func<string, bool> isWanted, long now)
    {
        _begin.Run();
        try
        {
            return Documents.Follow(sequence, limit, keys, isWanted, now);
        }
        finally
        {
            _end.Run();
        }
    }

    /// <summary>The topology at one version: four queries in one snapshot.</summary>
    public TopologySnapshot Lookup()
    {
        _begin.Run();
        try
        {
            return new TopologySnapshot(_version.ReadNumber() ?? 0, ReadExchanges(), ReadQueues(), ReadBindings());
        }
        finally
        {
            _end.Run();
        }
    }

    /// <summary>Every holder with its beat.</summary>
    public IReadOnlyList<HolderBeat> ReadBeats()
    {
        List<HolderBeat> beats = [];
        while (_beats.Read())
        {
            beats.Add(new HolderBeat(_beats.Number(0), _beats.Text(1), _beats.Number(2), TimeSpan.FromTicks(_beats.Number(3))));
        }
        return beats;
    }

    /// <inheritdoc/>
    public void Dispose() => database.Dispose();

    private List<ExchangeDeclaration> ReadExchanges()
    {
        List<ExchangeDeclaration> exchanges = [];
        while (_exchanges.Read())
        {
            exchanges.Add(new ExchangeDeclaration(_exchanges.Text(0), (ExchangeType)_exchanges.Number(1)) { Durable = _exchanges.Number(2) != 0 });
        }
        return exchanges;
    }

    private List<StoredQueue> ReadQueues()
    {
        List<StoredQueue> queues = [];
        while (_queues.Read())
        {
            queues.Add(new StoredQueue(_queues.Number(0), new QueueDeclaration(_queues.Text(1))
            {
                Durable = _queues.Number(2) != 0,
                Expires = Ticks(_queues.NumberOrNull(3)),
                MessageTimeToLive = Ticks(_queues.NumberOrNull(4)),
                MaxPriority = (byte?)_queues.NumberOrNull(5),
                DeadLetterExchange = _queues.TextOrNull(6),
                DeadLetterRoutingKey = _queues.TextOrNull(7),
            }));
        }
        return queues;
    }

    private List<Binding> ReadBindings()
    {
        List<Binding> bindings = [];
        while (_bindings.Read())
        {
            bindings.Add(new Binding(_bindings.Text(0), _bindings.Text(1), _bindings.Text(2)));
        }
        return bindings;
    }

    private static TimeSpan? Ticks(long? ticks) => ticks is { } number ? TimeSpan.FromTicks(number) : null;
}
