using Celeriac.Bench.Running;

namespace Celeriac.Bench.Scenarios;

/// <summary>Every scenario, in the order they run. A new one is one more entry in a file of its subject.</summary>
internal static class AllScenarios
{
    public static IReadOnlyList<Scenario> List { get; } =
    [
        MemoryScenarios.NoResult,
        SqliteScenarios.Result, SqliteScenarios.Publish, SqliteScenarios.FourWorkers, SqliteScenarios.HandOver, SqliteScenarios.Start, SqliteScenarios.Idle,
        AmqpScenarios.Publish, AmqpScenarios.NoResult, AmqpScenarios.Result, AmqpScenarios.RoundTrip, AmqpScenarios.Bulk,
        PacedScenarios.TwoThousand, PacedScenarios.FiveThousand,
        StompScenarios.Publish, StompScenarios.Result,
        PostgresScenarios.Result, PostgresScenarios.NoResult,
        BacklogScenarios.Sqlite, BacklogScenarios.Amqp,
        WorkflowScenarios.SqliteChains, WorkflowScenarios.SqliteChords, WorkflowScenarios.SqliteChord,
        WorkflowScenarios.AmqpChains, WorkflowScenarios.AmqpChords, WorkflowScenarios.AmqpChord,
    ];
}
