using Celeriac.Bench.Running;

namespace Celeriac.Bench.Scenarios;

/// <summary>PostgreSQL with its defaults of durability, every caller awaits its own commit.</summary>
internal static class PostgresScenarios
{
    public static Scenario Result { get; } = new("postgres.result", BrokerKind.Postgres, 40_000)
    {
        Contenders =
        [
            new("celeriac", Role.Bench("client", "mode=result", "window=512"), Role.Bench("worker")),
            new("raw, batches of 64", Role.Bench("postgres-loop", "mode=result", "batch=64")),
            new("raw, one by one", Role.Bench("postgres-loop", "mode=result", "batch=1")) { Share = 0.1 },
        ],
        Ratios =
        [
            Ratio.Rate("postgres.result.vs-raw", "celeriac", "raw, batches of 64"),
            Ratio.Rate("postgres.result.vs-raw-single", "celeriac", "raw, one by one"),
        ],
    };

    /// <summary>A full queue, then the worker: from its first task to its last.</summary>
    public static Scenario NoResult { get; } = new("postgres.noresult", BrokerKind.Postgres, 40_000)
    {
        Contenders =
        [
            new("celeriac, prefetch 100", Role.Bench("worker", "hold", "prefetch=100")) { Before = Role.Bench("client", "mode=bulk") },
            new("raw, batches of 64", Role.Bench("postgres-loop", "mode=drain", "batch=64")),
        ],
        Ratios = [Ratio.Rate("postgres.noresult.vs-raw", "celeriac, prefetch 100", "raw, batches of 64")],
    };
}
