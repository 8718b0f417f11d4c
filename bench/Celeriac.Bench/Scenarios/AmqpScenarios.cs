using Celeriac.Bench.Running;

namespace Celeriac.Bench.Scenarios;

/// <summary>RabbitMQ: durable classic queue, persistent messages, confirmed publishes, acknowledged after the run.</summary>
internal static class AmqpScenarios
{
    private static Role Fill { get; } = Role.Bench("client", "mode=publish", "window=1000");

    private static Role MassTransitFill { get; } = Role.Peer("masstransit-client", "mode=publish", "window=1000");

    private static Role RabbitFill { get; } = Role.Bench("rabbit-client", "mode=publish", "window=1000");

    private static Role RawFill { get; } = Role.Bench("raw-client", "mode=publish", "window=1000");

    public static Scenario Publish { get; } = new("amqp.publish", BrokerKind.RabbitMq, 50_000)
    {
        LeastWarm = 20_000,
        Contenders =
        [
            new("celeriac, 1000 callers", Role.Bench("client", "mode=publish", "window=1000")),
            new("celeriac, own frames, 1000 callers", Role.Bench("client", "mode=publish", "window=1000", "wire=celeriac")),
            new("frames by hand, 1000 in flight", Role.Bench("raw-client", "mode=publish", "window=1000")),
            new("RabbitMQ.Client, 1000 in flight", Role.Bench("rabbit-client", "mode=publish", "window=1000")),
            new("MassTransit, 1000 in flight", Role.Peer("masstransit-client", "mode=publish", "window=1000")),
            new("Celery, unconfirmed", Role.Celery("client", "mode=publish")) { Share = 0.2 },
            new("Celery, confirmed", Role.Celery("client", "mode=publish", "confirms=true")) { Share = 0.1 },
        ],
        Ratios =
        [
            Ratio.Rate("amqp.publish.vs-raw", "celeriac, 1000 callers", "frames by hand, 1000 in flight"),
            Ratio.Rate("amqp.publish.own-frames.vs-client", "celeriac, own frames, 1000 callers", "RabbitMQ.Client, 1000 in flight"),
            Ratio.Processor("amqp.publish.own-frames.cpu.vs-client", "celeriac, own frames, 1000 callers", "RabbitMQ.Client, 1000 in flight"),
            Ratio.Rate("amqp.publish.vs-client", "celeriac, 1000 callers", "RabbitMQ.Client, 1000 in flight"),
            Ratio.Rate("amqp.publish.vs-masstransit", "celeriac, 1000 callers", "MassTransit, 1000 in flight"),
            Ratio.Rate("amqp.publish.vs-celery", "celeriac, 1000 callers", "Celery, unconfirmed"),
            Ratio.Rate("amqp.publish.vs-celery-confirmed", "celeriac, 1000 callers", "Celery, confirmed"),
            Ratio.Processor("amqp.publish.cpu.vs-client", "celeriac, 1000 callers", "RabbitMQ.Client, 1000 in flight"),
        ],
    };

    /// <summary>A full queue, then the worker: from its first task to its last.</summary>
    public static Scenario NoResult { get; } = new("amqp.noresult", BrokerKind.RabbitMq, 50_000)
    {
        LeastWarm = 20_000,
        Contenders =
        [
            new("celeriac, prefetch 100", Role.Bench("worker", "hold", "prefetch=100")) { Before = Fill },
            new("celeriac, default", Role.Plain("worker", "hold")) { Before = Fill },
            new("celeriac, default, synchronous", Role.Plain("worker", "hold")) { Before = Role.Bench("client", "mode=publish", "window=1000", "task=sync"), IsQuick = false },
            new("celeriac, own frames, prefetch 100", Role.Bench("worker", "hold", "prefetch=100", "wire=celeriac")) { Before = Fill },
            new("frames by hand, prefetch 100", Role.Bench("raw-worker", "hold")) { Before = RawFill },
            new("RabbitMQ.Client, prefetch 100", Role.Bench("rabbit-worker", "hold")) { Before = RabbitFill },
            new("MassTransit, prefetch 100", Role.Peer("masstransit-worker", "hold", "prefetch=100")) { Before = MassTransitFill },
            new("MassTransit, default", Role.Peer("masstransit-worker", "hold")) { Before = MassTransitFill, IsQuick = false },
            new("Celery, prefork -c 2", Role.Celery("worker", "pool=prefork")) { Before = Fill, Share = 0.2 },
            new("Celery, solo, prefetch 64", Role.Celery("worker", "pool=solo", "concurrency=1", "multiplier=64")) { Before = Fill, Share = 0.2 },
        ],
        Ratios =
        [
            Ratio.Rate("amqp.noresult.vs-raw", "celeriac, prefetch 100", "frames by hand, prefetch 100"),
            Ratio.Rate("amqp.noresult.own-frames.vs-client", "celeriac, own frames, prefetch 100", "RabbitMQ.Client, prefetch 100"),
            Ratio.Processor("amqp.noresult.own-frames.cpu.vs-client", "celeriac, own frames, prefetch 100", "RabbitMQ.Client, prefetch 100"),
            Ratio.Rate("amqp.noresult.vs-client", "celeriac, prefetch 100", "RabbitMQ.Client, prefetch 100"),
            Ratio.Rate("amqp.noresult.vs-masstransit", "celeriac, prefetch 100", "MassTransit, prefetch 100"),
            Ratio.Rate("amqp.noresult.vs-celery", "celeriac, prefetch 100", "Celery, prefork -c 2"),
            Ratio.Rate("amqp.noresult.vs-celery-solo", "celeriac, prefetch 100", "Celery, solo, prefetch 64"),
            Ratio.Rate("amqp.noresult.default.vs-client", "celeriac, default", "RabbitMQ.Client, prefetch 100"),
            Ratio.Processor("amqp.noresult.cpu.vs-client", "celeriac, prefetch 100", "RabbitMQ.Client, prefetch 100"),
        ],
    };

    /// <summary>Call, run, reply received, 200 in flight: both processes work at once.</summary>
    public static Scenario Result { get; } = new("amqp.result", BrokerKind.RabbitMq, 60_000)
    {
        Warm = 60_000,
        LeastWarm = 30_000,
        Contenders = Results("window=200", 0.05),
        Ratios =
        [
            Ratio.Rate("amqp.result.vs-raw", "celeriac, prefetch 100", "frames by hand, prefetch 100"),
            Ratio.Rate("amqp.result.own-frames.vs-client", "celeriac, own frames, prefetch 100", "RabbitMQ.Client, prefetch 100"),
            Ratio.Processor("amqp.result.own-frames.cpu.vs-client", "celeriac, own frames, prefetch 100", "RabbitMQ.Client, prefetch 100"),
            Ratio.Processor("amqp.result.own-frames.cpu.vs-default", "celeriac, own frames, prefetch 100", "celeriac, prefetch 100"),
            Ratio.Rate("amqp.result.vs-client", "celeriac, prefetch 100", "RabbitMQ.Client, prefetch 100"),
            Ratio.Rate("amqp.result.vs-masstransit", "celeriac, prefetch 100", "MassTransit"),
            Ratio.Rate("amqp.result.vs-celery", "celeriac, prefetch 100", "Celery, prefork -c 2"),
            Ratio.Rate("amqp.result.vs-celery-solo", "celeriac, prefetch 100", "Celery, solo, prefetch 64"),
            Ratio.Rate("amqp.result.default.vs-client", "celeriac, default", "RabbitMQ.Client, prefetch 100"),
            Ratio.Processor("amqp.cpu.vs-client", "celeriac, prefetch 100", "RabbitMQ.Client, prefetch 100"),
        ],
    };

    /// <summary>The same one at a time.</summary>
    public static Scenario RoundTrip { get; } = new("amqp.roundtrip", BrokerKind.RabbitMq, 10_000)
    {
        LeastWarm = 2_500,
        Contenders = Results("window=1", 0.08),
        Ratios =
        [
            Ratio.Median("amqp.roundtrip.vs-raw", "celeriac, prefetch 100", "frames by hand, prefetch 100"),
            Ratio.Median("amqp.roundtrip.own-frames.vs-client", "celeriac, own frames, prefetch 100", "RabbitMQ.Client, prefetch 100"),
            Ratio.Median("amqp.roundtrip.vs-client", "celeriac, prefetch 100", "RabbitMQ.Client, prefetch 100"),
            Ratio.Median("amqp.roundtrip.vs-masstransit", "celeriac, prefetch 100", "MassTransit"),
            Ratio.Median("amqp.roundtrip.vs-celery", "celeriac, prefetch 100", "Celery, prefork -c 2"),
            Ratio.Median("amqp.roundtrip.vs-celery-solo", "celeriac, prefetch 100", "Celery, solo, prefetch 64"),
        ],
    };

    public static Scenario Bulk { get; } = new("amqp.bulk", BrokerKind.RabbitMq, 50_000)
    {
        IsQuick = false,
        Contenders =
        [
            new("celeriac, in bulk", Role.Bench("client", "mode=bulk")),
            new("celeriac, 1000 callers", Role.Bench("client", "mode=publish", "window=1000")),
        ],
        Ratios = [Ratio.Rate("amqp.bulk.vs-callers", "celeriac, in bulk", "celeriac, 1000 callers")],
    };

    private static Contender[] Results(string window, double celeryShare) =>
    [
        // Replies are transient, as everybody's here but those of Celeriac's default.
        new("celeriac, prefetch 100", Role.Bench("client", "mode=result", window), Role.Bench("worker", "prefetch=100", "replies=transient")),
        new("celeriac, persistent replies, prefetch 100", Role.Bench("client", "mode=result", window), Role.Bench("worker", "prefetch=100")) { IsQuick = false },
        new("celeriac, default", Role.Plain("client", "mode=result", window), Role.Plain("worker")) { Share = 0.5 },
        new("celeriac, own frames, prefetch 100", Role.Bench("client", "mode=result", window, "wire=celeriac"), Role.Bench("worker", "prefetch=100", "wire=celeriac", "replies=transient")),
        new("frames by hand, prefetch 100", Role.Bench("raw-client", "mode=result", window), Role.Bench("raw-worker")),
        new("RabbitMQ.Client, prefetch 100", Role.Bench("rabbit-client", "mode=result", window), Role.Bench("rabbit-worker")),
        new("MassTransit", Role.Peer("masstransit-client", "mode=result", window), Role.Peer("masstransit-worker")) { Share = 0.25 },
        new("Celery, prefork -c 2", Role.Celery("client", "mode=result", window), Role.Celery("worker", "pool=prefork")) { Share = celeryShare },
        new("Celery, solo, prefetch 64", Role.Celery("client", "mode=result", window), Role.Celery("worker", "pool=solo", "concurrency=1", "multiplier=64")) { Share = celeryShare, IsQuick = false },
    ];
}
