using Celeriac.Bench.Running;

namespace Celeriac.Bench.Scenarios;

/// <summary>Workflows, from the call to the result of the last task. On RabbitMQ results and the counts of chords are in a SQLite file. A task here is one of a chain, or a member of a chord.</summary>
internal static class WorkflowScenarios
{
    public static Scenario SqliteChains { get; } = Of("sqlite.chain-10", BrokerKind.Sqlite, 5_000, "shape=chain", "width=10", "window=50");

    public static Scenario SqliteChords { get; } = Of("sqlite.chord-1000", BrokerKind.Sqlite, 5_000, "shape=chord", "width=1000");

    public static Scenario SqliteChord { get; } = Of("sqlite.chord-10000", BrokerKind.Sqlite, 10_000, "shape=chord", "width=10000") with { IsQuick = false, Scales = false, MaximumRounds = 2 };

    public static Scenario AmqpChains { get; } = Of("amqp.chain-10", BrokerKind.RabbitMq, 5_000, "shape=chain", "width=10", "window=50");

    public static Scenario AmqpChords { get; } = Of("amqp.chord-1000", BrokerKind.RabbitMq, 5_000, "shape=chord", "width=1000");

    public static Scenario AmqpChord { get; } = Of("amqp.chord-10000", BrokerKind.RabbitMq, 10_000, "shape=chord", "width=10000") with { IsQuick = false, Scales = false, MaximumRounds = 2 };

    private static Scenario Of(string name, BrokerKind broker, int tasks, params string[] words) => new(name, broker, tasks)
    {
        MaximumRounds = 3,
        Contenders = [new("celeriac", Role.Bench(["workflows", "kept", .. words]), Role.Bench("worker", "kept", "tasks=0"))],
        Ratios =
        [
            new($"{name}.tasks-per-second", "celeriac", null, outcome => outcome.Rate),
            new($"{name}.each-ms", "celeriac", null, outcome => outcome.Median) { Unit = 1000 },
        ],
    };
}
