using Celeriac.Bench.Running;

namespace Celeriac.Bench.Scenarios;

/// <summary>An asynchronous task of 5 ms, offered at a given rate to a worker with default settings: 1 when it keeps up.</summary>
internal static class PacedScenarios
{
    public static Scenario TwoThousand { get; } = Offered(2_000, 10_000);

    public static Scenario FiveThousand { get; } = Offered(5_000, 25_000);

    private static Scenario Offered(int rate, int tasks) => new($"amqp.paced-{rate}", BrokerKind.RabbitMq, tasks)
    {
        Contenders = [new("celeriac, default", Role.Plain("worker"), Role.Plain("client", "mode=paced", "task=wait", $"rate={rate}"))],
        Ratios =
        [
            new($"amqp.paced-{rate}.kept", "celeriac, default", null, outcome => outcome.Rate) { Unit = rate },
            new($"amqp.paced-{rate}.p99-ms", "celeriac, default", null, outcome => outcome.Percentile99) { Unit = 1000 },
        ],
    };
}
