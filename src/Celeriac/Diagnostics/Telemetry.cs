using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Celeriac.Diagnostics;

/// <summary>
/// Every name of OpenTelemetry that Celeriac writes: the messaging conventions of version 1.44, what Python's instrumentation of Celery calls the same,
/// and our own below <c>celeriac</c>.
/// </summary>
internal static class Telemetry
{
    public const string SchemaUrl = "https://opentelemetry.io/schemas/1.44.0";

    public const string System = "messaging.system";
    public const string OperationName = "messaging.operation.name";
    public const string OperationType = "messaging.operation.type";
    public const string Destination = "messaging.destination.name";
    public const string RoutingKey = "messaging.rabbitmq.destination.routing_key";
    public const string DeliveryTag = "messaging.rabbitmq.message.delivery_tag";
    public const string MessageId = "messaging.message.id";
    public const string ConversationId = "messaging.message.conversation_id";
    public const string MessageCount = "messaging.batch.message_count";
    public const string ClientId = "messaging.client.id";
    public const string ServerAddress = "server.address";
    public const string ServerPort = "server.port";
    public const string ErrorType = "error.type";

    public const string TaskName = "celery.task_name";
    public const string RetryReason = "celery.retry.reason";
    public const string RevokedReason = "celery.revoked.reason";
    public const string TerminatedSignal = "celery.terminated.signal";
    public const string Attempt = "celeriac.task.attempt";
    public const string RootId = "celeriac.task.root_id";
    public const string ParentId = "celeriac.task.parent_id";
    public const string GroupId = "celeriac.task.group_id";
    public const string Eta = "celeriac.task.eta";
    public const string QueueLatency = "celeriac.task.queue_latency_ms";
    public const string Node = "celeriac.worker.node";
    public const string QuarantineReason = "celeriac.quarantine.reason";

    public const string Publish = "publish";
    public const string Process = "process";
    public const string Send = "send";

    private static readonly string s_version = typeof(Telemetry).Assembly.GetName().Version?.ToString(3) ?? "";

    // Seconds, as the conventions advise.
    private static readonly InstrumentAdvice<double> s_seconds = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] };
    private static readonly Meter s_meter = new(MeterOptions);

    public static MeterOptions MeterOptions => new(CeleriacTelemetry.MeterName) { Version = s_version, TelemetrySchemaUrl = SchemaUrl };

    public static ActivitySource Source { get; } = new(new ActivitySourceOptions(CeleriacTelemetry.ActivitySourceName) { Version = s_version, TelemetrySchemaUrl = SchemaUrl });

    public static Histogram<double> OperationDuration { get; } =
        s_meter.CreateHistogram("messaging.client.operation.duration", "s", "How long a publish took, until the broker had it.", advice: s_seconds);

    public static Counter<long> Sent { get; } = s_meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Messages that were to be published.");

    public static Counter<long> Consumed { get; } = s_meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Messages received, once for each delivery.");

    public static Histogram<double> ProcessDuration { get; } = s_meter.CreateHistogram("messaging.process.duration", "s", "How long a run took.", advice: s_seconds);

    public static Histogram<double> QueueTime { get; } =
        s_meter.CreateHistogram("celeriac.task.queue_time", "s", "The time from sending, or from its eta, to the first run; for tasks whose id tells when it was made.", advice: s_seconds);

    public static UpDownCounter<long> Active { get; } = s_meter.CreateUpDownCounter<long>("celeriac.task.active", "{task}", "Tasks that run now.");

    public static Counter<long> Retries { get; } = s_meter.CreateCounter<long>("celeriac.task.retries", "{task}", "Runs that ended with another try.");

    public static Counter<long> LeasesLost { get; } = s_meter.CreateCounter<long>("celeriac.lease.lost", "{task}", "Outcomes refused, because the message belonged to another worker by then.");

    public static Counter<long> Quarantined { get; } = s_meter.CreateCounter<long>("celeriac.quarantine.added", "{message}", "Messages put into quarantine.");

    public static Counter<long> QuarantineTrimmed { get; } = s_meter.CreateCounter<long>("celeriac.quarantine.trimmed", "{message}", "Messages that a quarantine has lost to its bounds.");
}
