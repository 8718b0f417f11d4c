using Celeriac.Bench.Running;

namespace Celeriac.Bench.Scenarios;

/// <summary>Client and worker in one process: what the task layer costs.</summary>
internal static class MemoryScenarios
{
    public static Scenario NoResult { get; } = new("memory.noresult", BrokerKind.Memory, 2_000_000)
    {
        Warm = 300_000,
        Contenders =
        [
            // As .NET starts it: nothing waits for a network here, and what the compiler learns is worth half again.
            new("celeriac", Role.Plain("memory", "window=256")),
            new("channel hand-off", Role.Plain("channel", "window=256")),
            new("quartz, default", Role.Peer("quartz")) { Share = 0.02 },
            new("quartz, batches of 64", Role.Peer("quartz", "batch=64", "threads=64")) { Share = 0.02 },
        ],
        Ratios =
        [
            Ratio.Rate("memory.noresult.vs-channel", "celeriac", "channel hand-off"),
            Ratio.Rate("memory.noresult.vs-quartz", "celeriac", "quartz, batches of 64"),
            new("memory.noresult.per-second", "celeriac", null, outcome => outcome.Rate),
            new("memory.noresult.bytes", "celeriac", null, outcome => outcome.Bytes),
        ],
    };
}
