using Celeriac.Bench.Running;

namespace Celeriac.Bench.Scenarios;

/// <summary>One file, synchronous=FULL, every caller awaits its own commit.</summary>
internal static class SqliteScenarios
{
    private static Role Worker { get; } = Role.Bench("worker");

    /// <summary>Workers that share the tasks do not know who has the last one.</summary>
    private static Role OneOfMany { get; } = Role.Bench("worker", "tasks=0");

    private static Role Calls { get; } = Role.Bench("client", "mode=result", "window=512");

    /// <summary>A slot of the worker is taken until the commit with its result: of tasks that take no time more must be under way than the default of 64 for commits to be large.</summary>
    public static Scenario Result { get; } = new("sqlite.result", BrokerKind.Sqlite, 240_000)
    {
        Warm = 100_000,
        LeastWarm = 100_000,
        Contenders =
        [
            new("celeriac, concurrency 256", Calls, Role.Bench("worker", "concurrency=256")),
            new("celeriac, default", Role.Plain("client", "mode=result", "window=512"), Role.Plain("worker")) { Share = 0.5 },
            new("raw, batches of 64", Role.Bench("sqlite-loop", "mode=result", "batch=64")),
            new("raw, batches of 64, random ids", Role.Bench("sqlite-loop", "mode=result", "batch=64", "ids=random")) { Share = 0.5 },
            new("raw, one by one", Role.Bench("sqlite-loop", "mode=result", "batch=1")) { Share = 0.025 },
        ],
        Ratios =
        [
            Ratio.Rate("sqlite.result.vs-raw", "celeriac, concurrency 256", "raw, batches of 64"),
            new("sqlite.result.rss-mib", "celeriac, concurrency 256", null, outcome => outcome.Megabytes),
            new("sqlite.result.default.rss-mib", "celeriac, default", null, outcome => outcome.Megabytes),
            Ratio.Rate("sqlite.result.default.vs-raw", "celeriac, default", "raw, batches of 64"),
            Ratio.Rate("sqlite.result.vs-raw-random", "celeriac, concurrency 256", "raw, batches of 64, random ids"),
            Ratio.Rate("sqlite.result.vs-raw-single", "celeriac, concurrency 256", "raw, one by one"),
        ],
    };

    public static Scenario Publish { get; } = new("sqlite.publish", BrokerKind.Sqlite, 100_000)
    {
        Warm = 40_000,
        LeastWarm = 40_000,
        Contenders =
        [
            new("celeriac, 512 callers", Role.Bench("client", "mode=publish", "window=512")),
            new("celeriac, in bulk", Role.Bench("client", "mode=bulk")),
            new("raw, batches of 64", Role.Bench("sqlite-loop", "mode=publish", "batch=64")),
            new("raw, one commit each", Role.Bench("sqlite-loop", "mode=publish", "batch=1")) { Share = 0.1 },
        ],
        Ratios =
        [
            Ratio.Rate("sqlite.publish.vs-raw", "celeriac, 512 callers", "raw, batches of 64"),
            Ratio.Rate("sqlite.publish.vs-one-commit-each", "celeriac, 512 callers", "raw, one commit each"),
        ],
    };

    public static Scenario FourWorkers { get; } = new("sqlite.four-workers", BrokerKind.Sqlite, 60_000)
    {
        // Shared by four that all compile.
        Warm = 40_000,
        LeastWarm = 40_000,
        Contenders = [new("celeriac, one worker", Calls, OneOfMany), new("celeriac, four workers", Calls, OneOfMany, OneOfMany, OneOfMany, OneOfMany)],
        Ratios =
        [
            Ratio.Rate("sqlite.four-workers.vs-one", "celeriac, four workers", "celeriac, one worker"),
            new("sqlite.four-workers.longest-ms", "celeriac, four workers", null, outcome => outcome.Longest) { Unit = 1000 },
        ],
    };

    /// <summary>From the call in one process to the start in another, commit included.</summary>
    public static Scenario HandOver { get; } = new("sqlite.hand-over", BrokerKind.Sqlite, 1_000)
    {
        Contenders = [new("celeriac", Worker, Role.Bench("client", "mode=paced", "rate=200"))],
        Ratios =
        [
            new("sqlite.hand-over.p50-ms", "celeriac", null, outcome => outcome.Median) { Unit = 1000 },
            new("sqlite.hand-over.p99-ms", "celeriac", null, outcome => outcome.Percentile99) { Unit = 1000 },
        ],
    };

    /// <summary>From the start of a process with a host, built as the guide says, to its first task.</summary>
    public static Scenario Start { get; } = new("sqlite.start", BrokerKind.Sqlite, 1)
    {
        Scales = false,
        Contenders =
        [
            // With its files read from the disk: it depends on what the machine did before.
            new("celeriac, for the first time", Role.Bench("host")) { Before = Role.Bench("client", "mode=publish") },
            new("celeriac", Role.Bench("host")) { Before = Role.Bench("client", "mode=publish") },
        ],
        Ratios = [new("sqlite.start.ms", "celeriac", null, outcome => outcome.StartMilliseconds)],
    };

    public static Scenario Idle { get; } = new("sqlite.idle", BrokerKind.Sqlite, 1)
    {
        Scales = false,
        MaximumRounds = 3,
        Contenders = [new("celeriac", Role.Bench("worker", "idle=5"))],
        Ratios =
        [
            new("sqlite.idle.core-percent", "celeriac", null, outcome => outcome.CorePercent),
            new("sqlite.idle.rss-mib", "celeriac", null, outcome => outcome.Megabytes),
        ],
    };
}
