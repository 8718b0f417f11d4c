using Celeriac.Diagnostics;
using Celeriac.Events;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>Decides what happens to a received message before anything of it runs (CELERY-PROTOCOL section 7).</summary>
internal sealed class Admission(TaskRuntimes tasks, Suspicion suspicion, Revocations revocations, OutcomeHandler outcomes, WorkerEvents events, WorkerOptions options, DecodeLimits limits, ITransport broker, string node, TimeProvider time, ILogger log)
{
    // An eta this near is waited for in the worker: a trip through the broker would not be more exact.
    private static readonly TimeSpan s_near = TimeSpan.FromSeconds(2);
    private readonly UnknownTasks _unknown = new(tasks, outcomes, broker, node, time, log);

    /// <summary>The task to run, or to put off; null where the message was dealt with here.</summary>
    public async ValueTask<AdmittedTask?> AdmitAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var decoded = TaskMessageCodec.Decode(delivery.Message, limits);
        if (decoded.Request is not { } request)
        {
            await outcomes.QuarantineAsync(delivery, decoded.Fault!, cancellationToken).ConfigureAwait(false);
            return null;
        }
        request.RoutingKey = delivery.RoutingKey;
        request.Deaths = Suspicion.CountOf(delivery);
        if (tasks.Find(request.Task) is not { } runtime)
        {
            await _unknown.HandleAsync(delivery, request, cancellationToken).ConfigureAwait(false);
            return null;
        }
        if (await suspicion.HandleAsync(delivery, request, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }
        runtime.Counters.CountReceived();
        Log.TaskReceived(log, request.Task, request.Id, delivery.Queue);
        var task = new AdmittedTask(delivery, request, runtime) { AcksLate = runtime.Definition.Options.AcksLate ?? options.AcksLate, Following = outcomes.Following };
        if (Refusal(request) is { } refusal)
        {
            await outcomes.ApplyAsync(task, refusal, [], TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            return null;
        }
        // As in Celery: a task that was revoked or came too late is told as such and not as received.
        if (runtime.Definition.Options.SendEvents && !WasTold(request))
        {
            events.Received(request);
        }
        // Asked each time: which server it is, and what it can do, is known once it is connected.
        if (broker.Capabilities.Delay && request.Eta is { } eta && eta - time.GetUtcNow() > s_near)
        {
            task.DeferredUntil = eta;
        }
        return task;
    }

    /// <summary>How a task ends that must not run, because it was revoked or came too late; null where it may. Asked on receipt, and again just before the run.</summary>
    public Outcome? Refusal(TaskRequest request) =>
        revocations.Contains(request) ? new Outcome.Revoked(null)
        : request.Expires is { } expires && expires <= time.GetUtcNow() ? new Outcome.Expired()
        : null;

    /// <summary>True where a worker has told of it before the broker held it until its eta. A retry has its own count, and is told of anew.</summary>
    private static bool WasTold(TaskRequest request) =>
        request.Message.Headers[TaskHeader.ToldReceived] is { Kind: HeaderKind.Long } told && told.AsLong() == request.Retries;
}
