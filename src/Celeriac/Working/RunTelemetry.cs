using System.Diagnostics;
using Celeriac.Diagnostics;
using Celeriac.Protocol;

namespace Celeriac.Working;

/// <summary>The span and the metrics of a run. While nobody listens, a run costs a few looks at fields and allocates nothing.</summary>
internal sealed class RunTelemetry(TelemetryPlace place, string node, TimeProvider time)
{
    /// <summary>A message was received.</summary>
    public void Received(string queue)
    {
        if (Telemetry.Consumed.Enabled)
        {
            Telemetry.Consumed.Add(1, new TagList { { Telemetry.System, place.System }, { Telemetry.OperationName, Telemetry.Process }, { Telemetry.Destination, queue } });
        }
    }

    /// <summary>A run begins. Its span is the child of the one that published the message, in whatever language. Dispose what it answers.</summary>
    public Run Begin(AdmittedTask task)
    {
        // What was current where the worker was started is nobody's parent here.
        if (Activity.Current is not null)
        {
            Activity.Current = null;
        }
        if (Telemetry.QueueTime.Enabled && Waited(task.Request) is { } waited)
        {
            Telemetry.QueueTime.Record(waited.TotalSeconds, TagsOf(task));
        }
        var isCounted = Telemetry.Active.Enabled;
        if (isCounted)
        {
            Telemetry.Active.Add(1, TagsOf(task));
        }
        var span = Telemetry.Source.HasListeners() ? Start(task) : null;
        return span is null && !isCounted && !Telemetry.ProcessDuration.Enabled && !Telemetry.Retries.Enabled ? default : new Run(this, task, span, isCounted);
    }

    private static TagList TagsOf(AdmittedTask task) => new() { { Telemetry.TaskName, task.Definition.Name }, { Telemetry.Destination, task.Delivery.Queue } };

    private Activity? Start(AdmittedTask task)
    {
        var request = task.Request;
        var headers = request.Message.Headers;
        var span = Telemetry.Source.StartActivity($"{Telemetry.Process} {task.Delivery.Queue}", ActivityKind.Consumer, TraceHeaders.Read(headers));
        if (span is not { IsAllDataRequested: true })
        {
            return span;
        }
        TraceHeaders.AddBaggage(span, headers);
        place.Describe(span);
        span.SetTag(Telemetry.OperationName, Telemetry.Process);
        span.SetTag(Telemetry.OperationType, Telemetry.Process);
        DescribeDelivery(span, task);
        span.SetTag(Telemetry.ClientId, node);
        span.SetTag(Telemetry.MessageId, request.Id);
        span.SetTag(Telemetry.ConversationId, request.CorrelationId ?? request.Id);
        span.SetTag(Telemetry.TaskName, request.Task);
        span.SetTag(Telemetry.Attempt, request.Retries);
        span.SetTag(Telemetry.RootId, request.RootId);
        span.SetTag(Telemetry.ParentId, request.ParentId);
        span.SetTag(Telemetry.GroupId, request.GroupId);
        if (Waited(request) is { } waited)
        {
            span.SetTag(Telemetry.QueueLatency, (long)waited.TotalMilliseconds);
        }
        return span;
    }

    private void DescribeDelivery(Activity span, AdmittedTask task)
    {
        var delivery = task.Delivery;
        if (place.System != "rabbitmq")
        {
            span.SetTag(Telemetry.Destination, delivery.Queue);
            return;
        }
        var parts = delivery.RoutingKey == delivery.Queue ? new[] { delivery.Exchange, delivery.Queue } : [delivery.Exchange, delivery.RoutingKey, delivery.Queue];
        span.SetTag(Telemetry.Destination, string.Join(':', parts.Where(part => part.Length > 0)));
        span.SetTag(Telemetry.RoutingKey, delivery.RoutingKey.Length > 0 ? delivery.RoutingKey : null);
        span.SetTag(Telemetry.DeliveryTag, delivery.Claim.Tag);
    }

    /// <summary>From sending, or from the eta, to now; null for retries and for ids that do not tell their time.</summary>
    private TimeSpan? Waited(TaskRequest request)
    {
        if (request.Retries > 0 || (request.Eta ?? TaskId.TimeOf(request.Id)) is not { } from)
        {
            return null;
        }
        var waited = time.GetUtcNow() - from;
        return waited > TimeSpan.Zero ? waited : TimeSpan.Zero;
    }

    private void End(Activity? span, AdmittedTask task, Outcome outcome, TimeSpan runtime)
    {
        var end = outcome.Accept(new RunEnd(task));
        if (Telemetry.ProcessDuration.Enabled)
        {
            var tags = TagsOf(task);
            tags.Add(Telemetry.System, place.System);
            tags.Add(Telemetry.OperationName, Telemetry.Process);
            if (end.ErrorType is not null)
            {
                tags.Add(Telemetry.ErrorType, end.ErrorType);
            }
            Telemetry.ProcessDuration.Record(runtime.TotalSeconds, tags);
        }
        if (outcome is Outcome.Retrying && Telemetry.Retries.Enabled)
        {
            Telemetry.Retries.Add(1, TagsOf(task));
        }
        if (span is null)
        {
            return;
        }
        span.SetTag(Telemetry.RetryReason, end.Retry);
        span.SetTag(Telemetry.RevokedReason, end.Revoked);
        span.SetTag(Telemetry.TerminatedSignal, task.TerminatedBy);
        if (end.ErrorType is not null)
        {
            span.SetTag(Telemetry.ErrorType, end.ErrorType);
            span.SetStatus(ActivityStatusCode.Error, end.Text);
        }
    }

    /// <summary>One run. The default is one that nobody looks at.</summary>
    internal readonly struct Run(RunTelemetry telemetry, AdmittedTask task, Activity? span, bool isCounted) : IDisposable
    {
        public void End(Outcome outcome, TimeSpan runtime) => telemetry?.End(span, task, outcome, runtime);

        public void Dispose()
        {
            span?.Dispose();
            if (isCounted)
            {
                Telemetry.Active.Add(-1, TagsOf(task));
            }
        }
    }

    /// <summary>What the telemetry says of an outcome. A retry is no error: the run ended as it should.</summary>
    private sealed record Ending(string? ErrorType, string? Text, string? Retry, string? Revoked);

    private sealed class RunEnd(AdmittedTask task) : IOutcomeVisitor<Ending>
    {
        private static readonly Ending s_well = new(null, null, null, null);

        public Ending Succeeded(Outcome.Succeeded outcome) => s_well;

        public Ending Failed(Outcome.Failed outcome) => new(task.Error is { } error ? TypeOf(error) : outcome.Failure.Type, OutcomeEffects.Text(outcome.Failure), null, null);

        public Ending Retrying(Outcome.Retrying outcome) => new(null, null, OutcomeEffects.Text(outcome.Failure), null);

        public Ending Ignored(Outcome.Ignored outcome) => s_well;

        public Ending Rejected(Outcome.Rejected outcome) => new(typeof(TaskRejectException).FullName, outcome.Reason, null, null);

        public Ending Expired(Outcome.Expired outcome) => new(null, null, null, "expired");

        public Ending Revoked(Outcome.Revoked outcome) => new(null, null, null, outcome.TerminatedBy is null ? "revoked" : "terminated");

        public Ending Interrupted(Outcome.Interrupted outcome) => s_well;

        public Ending Lost(Outcome.Lost outcome) => new("WorkerLostError", outcome.Reason, null, null);

        private static string TypeOf(Exception error) =>
            (error is TaskRetryException { InnerException: { } cause } ? cause : error).GetType().FullName ?? "_OTHER";
    }
}
