using Celeriac.Bench.Running;

namespace Celeriac.Bench.Scenarios;

/// <summary>The worker's rate while a million tasks wait behind those it runs, against a queue that has no more than those.</summary>
internal static class BacklogScenarios
{
    private const int Million = 1_000_000;

    public static Scenario Sqlite { get; } = Queued("sqlite", BrokerKind.Sqlite);

    public static Scenario Amqp { get; } = Queued("amqp", BrokerKind.RabbitMq);

    private static Scenario Queued(string name, BrokerKind kind) => new($"{name}.backlog", kind, 50_000)
    {
        MaximumRounds = 1,
        IsQuick = false,
        Contenders =
        [
            new("celeriac, nothing behind", Role.Bench("worker", "hold", "prefetch=100")) { Before = Role.Bench("client", "mode=bulk") },
            new("celeriac, a million behind", Role.Bench("worker", "hold", "prefetch=100")) { Before = Role.Bench("client", "mode=bulk"), Backlog = Million },
        ],
        Ratios = [Ratio.Rate($"{name}.backlog.vs-empty", "celeriac, a million behind", "celeriac, nothing behind")],
    };
}
