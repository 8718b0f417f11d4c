using System.Diagnostics;
using Celeriac.Diagnostics;

namespace Celeriac.Sending;

/// <summary>The span and the metrics of a publish. While nobody listens, a publish costs three looks at a field and allocates nothing.</summary>
internal sealed class SendTelemetry(TelemetryPlace place, TimeProvider time)
{
    /// <summary>A publish begins. Dispose what it answers.</summary>
    /// <param name="destination">The queue, or exchange and routing key.</param>
    /// <param name="task">The task's name; null for a list.</param>
    /// <param name="count">How many messages.</param>
    public Publishing Begin(string destination, string? task, int count)
    {
        var isMeasured = Telemetry.OperationDuration.Enabled || Telemetry.Sent.Enabled;
        var span = Telemetry.Source.HasListeners() ? Start(destination, task, count) : null;
        return span is null && !isMeasured ? default : new Publishing(this, span, destination, task, count, isMeasured ? time.GetTimestamp() : 0);
    }

    private Activity? Start(string destination, string? task, int count)
    {
        var span = Telemetry.Source.StartActivity($"{Telemetry.Publish} {destination}", ActivityKind.Producer);
        if (span is not { IsAllDataRequested: true })
        {
            return span;
        }
        place.Describe(span);
        span.SetTag(Telemetry.OperationName, Telemetry.Publish);
        span.SetTag(Telemetry.OperationType, Telemetry.Send);
        span.SetTag(Telemetry.Destination, destination);
        if (task is not null)
        {
            span.SetTag(Telemetry.TaskName, task);
        }
        else
        {
            span.SetTag(Telemetry.MessageCount, count);
        }
        return span;
    }

    private void Measure(string destination, string? task, int count, long begun, string? fault)
    {
        var tags = new TagList
        {
            { Telemetry.System, place.System },
            { Telemetry.OperationName, Telemetry.Publish },
            { Telemetry.Destination, destination },
        };
        if (task is not null)
        {
            tags.Add(Telemetry.TaskName, task);
        }
        if (fault is not null)
        {
            tags.Add(Telemetry.ErrorType, fault);
        }
        Telemetry.Sent.Add(count, tags);
        tags.Add(Telemetry.OperationType, Telemetry.Send);
        if (place.ServerAddress is { } address)
        {
            tags.Add(Telemetry.ServerAddress, address);
        }
        if (place.ServerPort is { } port)
        {
            tags.Add(Telemetry.ServerPort, port);
        }
        Telemetry.OperationDuration.Record(time.GetElapsedTime(begun).TotalSeconds, tags);
    }

    /// <summary>One publish, or one list of them. The default is one that nobody looks at.</summary>
    internal readonly struct Publishing(SendTelemetry telemetry, Activity? span, string destination, string? task, int count, long begun) : IDisposable
    {
        /// <summary>What the message is to carry: this publish's span, else the caller's own, which others may listen to.</summary>
        public Activity? Span => span ?? Activity.Current;

        public void Tell(string id, string rootId, string? parentId, DateTimeOffset? eta)
        {
            if (span is { IsAllDataRequested: true })
            {
                span.SetTag(Telemetry.MessageId, id);
                span.SetTag(Telemetry.ConversationId, id);
                span.SetTag(Telemetry.RootId, rootId);
                span.SetTag(Telemetry.ParentId, parentId);
                span.SetTag(Telemetry.Eta, eta?.ToString("O"));
            }
        }

        public void Fail(Exception error)
        {
            span?.SetStatus(ActivityStatusCode.Error, error.Message);
            span?.SetTag(Telemetry.ErrorType, error.GetType().FullName);
            End(error.GetType().FullName);
        }

        public void Succeed() => End(null);

        public void Dispose() => span?.Dispose();

        private void End(string? fault)
        {
            if (begun != 0)
            {
                telemetry.Measure(destination, task, count, begun, fault);
            }
        }
    }
}
