namespace Celeriac.Messaging.Stores;

/// <summary>Compares a declaration with what exists: what is new is added, what is equal is left, what differs is refused in words.</summary>
internal static class TopologyPlan
{
    public static TopologyChange Plan(RoutingTable table, Topology wanted, TransportCapabilities capabilities)
    {
        RequireConsistent(wanted);
        var exchanges = wanted.Exchanges.Where(exchange => IsNew(table, exchange, capabilities)).DistinctBy(exchange => exchange.Name).ToList();
        // A store has one kind of queue, and keeps no note of the kind that was asked for.
        var queues = wanted.Queues.Select(queue => queue with { Type = null }).Where(queue => IsNew(table, queue, capabilities)).DistinctBy(queue => queue.Name).ToList();
        var bindings = wanted.Bindings.Distinct().Where(binding =>
        {
            capabilities.Require(binding);
            Require(binding.Exchange.Length > 0, $"Queue '{binding.Queue}' cannot be bound to the default exchange: every queue is bound to it by its own name already.");
            Require(table.Exchange(binding.Exchange) is not null || exchanges.Exists(exchange => exchange.Name == binding.Exchange),
                $"Queue '{binding.Queue}' cannot be bound: there is no exchange '{binding.Exchange}'. Declare the exchange first.");
            Require(table.Queue(binding.Queue) is not null || queues.Exists(queue => queue.Name == binding.Queue),
                $"There is no queue '{binding.Queue}' to bind to exchange '{binding.Exchange}'. Declare the queue first.");
            return !table.HasBinding(binding);
        }).ToList();
        return new TopologyChange { Add = new Topology { Exchanges = exchanges, Queues = queues, Bindings = bindings } };
    }

    /// <summary>Refuses a topology that declares one name in two ways: which of them is meant cannot be known.</summary>
    public static void RequireConsistent(Topology wanted)
    {
        foreach (var exchange in wanted.Exchanges.GroupBy(exchange => exchange.Name, StringComparer.Ordinal))
        {
            Require(exchange.Distinct().Count() == 1,
                $"Exchange '{exchange.Key}' is declared twice in one topology, as {string.Join(" and as ", exchange.Select(one => $"{one.Type}{Durability(one.Durable)}").Distinct())}. Declare it once.");
        }
        foreach (var queue in wanted.Queues.GroupBy(queue => queue.Name, StringComparer.Ordinal))
        {
            var other = queue.FirstOrDefault(one => one != queue.First());
            Require(other is null, $"Queue '{queue.Key}' is declared twice in one topology, with different properties: {(other is null ? "" : Differences(queue.First(), other))}. Declare it once.");
        }
    }

    public static bool IsEmpty(TopologyChange change) =>
        change.Add.Exchanges.Count + change.Add.Queues.Count + change.Add.Bindings.Count == 0;

    private static bool IsNew(RoutingTable table, ExchangeDeclaration wanted, TransportCapabilities capabilities)
    {
        RoutingTable.CheckName("exchange", wanted.Name);
        capabilities.Require(wanted);
        var present = table.Exchange(wanted.Name);
        Require(present is null || present == wanted,
            $"Exchange '{wanted.Name}' exists as {present?.Type}{Durability(present?.Durable)} and cannot be declared as {wanted.Type}{Durability(wanted.Durable)}. Declare it alike, or delete it first.");
        return present is null;
    }

    private static bool IsNew(RoutingTable table, QueueDeclaration wanted, TransportCapabilities capabilities)
    {
        RoutingTable.CheckName("queue", wanted.Name);
        capabilities.Require(wanted);
        Require(wanted.Expires is null || wanted.Expires > TimeSpan.Zero, $"Queue '{wanted.Name}' asks to expire after {wanted.Expires}. Give a positive time.");
        Require(wanted.MessageTimeToLive is null || wanted.MessageTimeToLive >= TimeSpan.Zero, $"Queue '{wanted.Name}' asks for a message time to live of {wanted.MessageTimeToLive}. Give 0 or more.");
        var present = table.Queue(wanted.Name)?.Declaration;
        Require(present is null || present == wanted, $"Queue '{wanted.Name}' exists with other properties: {(present is null ? "" : Differences(present, wanted))}. Declare it alike, or delete it first.");
        return present is null;
    }

    private static string Differences(QueueDeclaration present, QueueDeclaration wanted)
    {
        (string Name, object? Present, object? Wanted)[] properties =
        [
            (nameof(QueueDeclaration.Durable), present.Durable, wanted.Durable),
            (nameof(QueueDeclaration.Expires), present.Expires, wanted.Expires),
            (nameof(QueueDeclaration.MessageTimeToLive), present.MessageTimeToLive, wanted.MessageTimeToLive),
            (nameof(QueueDeclaration.MaxPriority), present.MaxPriority, wanted.MaxPriority),
            (nameof(QueueDeclaration.DeadLetterExchange), present.DeadLetterExchange, wanted.DeadLetterExchange),
            (nameof(QueueDeclaration.DeadLetterRoutingKey), present.DeadLetterRoutingKey, wanted.DeadLetterRoutingKey),
        ];
        return string.Join(", ", properties.Where(property => !Equals(property.Present, property.Wanted))
            .Select(property => $"{property.Name} is '{property.Present ?? "not set"}', asked for '{property.Wanted ?? "not set"}'"));
    }

    private static string Durability(bool? durable) => durable == false ? ", not durable" : "";

    private static void Require(bool condition, string refusal)
    {
        if (!condition)
        {
            throw new TransportRefusedException(refusal);
        }
    }
}
