using Celeriac.Bench.Running;

namespace Celeriac.Bench.Scenarios;

/// <summary>ActiveMQ over STOMP: persistent messages, every caller awaits that its own is durable.</summary>
internal static class StompScenarios
{
    public static Scenario Publish { get; } = new("stomp.publish", BrokerKind.ActiveMq, 40_000)
    {
        Contenders =
        [
            new("celeriac, 500 callers", Role.Bench("client", "mode=publish", "window=500")),
            new("raw, a receipt each", Role.Bench("stomp-loop", "batch=1", "window=100")) { Share = 0.15 },
            new("raw, transactions of 50", Role.Bench("stomp-loop", "batch=50", "window=1")),
        ],
        Ratios =
        [
            Ratio.Rate("stomp.publish.vs-receipts", "celeriac, 500 callers", "raw, a receipt each"),
            Ratio.Rate("stomp.publish.vs-raw", "celeriac, 500 callers", "raw, transactions of 50"),
        ],
    };

    /// <summary>Call, run, reply received, 200 in flight: both processes work at once.</summary>
    public static Scenario Result { get; } = new("stomp.result", BrokerKind.ActiveMq, 20_000)
    {
        Contenders =
        [
            new("celeriac, prefetch 100", Role.Bench("client", "mode=result", "window=200"), Role.Bench("worker", "prefetch=100")),
            new("raw, in transactions", Role.Bench("stomp-caller", "window=200"), Role.Bench("stomp-answerer")),
        ],
        Ratios = [Ratio.Rate("stomp.result.vs-raw", "celeriac, prefetch 100", "raw, in transactions")],
    };
}
