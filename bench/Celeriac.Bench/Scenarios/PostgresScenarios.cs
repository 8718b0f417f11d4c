using Celeriac.Bench.Running;

namespace Celeriac.Bench.Scenarios;

/// <summary>PostgreSQL with its defaults of durability, every caller awaits its own commit.</summary>
internal static class PostgresScenarios
{
    /// <summary>As on SQLite, a slot of the worker is taken until the commit with its result.</summary>
    public static Scenario Result { get; } = new("postgres.result", BrokerKind.Postgres, 100_000)
    {
        Warm = 60_000,
        LeastWarm = 60_000,
        Contenders =
        [
            new("celeriac, concurrency 256", Role.Bench("client", "mode=result", "window=512"), Role.Bench("worker", "concurrency=256")),
            new("celeriac, default", Role.Plain("client", "mode=result", "window=512"), Role.Plain("worker")) { Share = 0.5 },
            new("raw, batches of 64", Role.Bench("postgres-loop", "mode=result", "batch=64")),
            new("raw, one by one", Role.Bench("postgres-loop", "mode=result", "batch=1")) { Share = 0.04 },
        ],
        Ratios =
        [
            Ratio.Rate("postgres.result.vs-raw", "celeriac, concurrency 256", "raw, batches of 64"),
            Ratio.Rate("postgres.result.default.vs-raw", "celeriac, default", "raw, batches of 64"),
            Ratio.Rate("postgres.result.vs-raw-single", "celeriac, concurrency 256", "raw, one by one"),
        ],
    };

    /// <summary>A full queue, then the worker: from its first task to its last.</summary>
    public static Scenario NoResult { get; } = new("postgres.noresult", BrokerKind.Postgres, 40_000)
    {
        LeastWarm = 20_000,
        Contenders =
        [
            new("celeriac, prefetch 100", Role.Bench("worker", "hold", "prefetch=100")) { Before = Role.Bench("client", "mode=bulk") },
            new("raw, batches of 64", Role.Bench("postgres-loop", "mode=drain", "batch=64")),
        ],
        Ratios = [Ratio.Rate("postgres.noresult.vs-raw", "celeriac, prefetch 100", "raw, batches of 64")],
    };
}
