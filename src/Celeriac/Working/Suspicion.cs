using System.Collections.Concurrent;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Sending;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>
/// Finds the message that kills its worker. How often a message came back from a dead process travels in a header, because most brokers only tell that
/// it came back. The last chance before the quarantine is a run alone, from a queue of which one message at a time is fetched: so the innocent, that
/// were merely in the same process, get their run, and only what was running is counted.
/// </summary>
internal sealed class Suspicion(Suspects suspects, TasksInHand inHand, OutcomeHandler outcomes, ITransport broker, WorkerOptions options, ILogger log)
{
    private readonly int _maxDeaths = options.MaxDeaths;
    private readonly ConcurrentDictionary<string, Task> _passedOn = new(StringComparer.Ordinal);

    /// <summary>False where the message may run; true where it was dealt with here.</summary>
    public async ValueTask<bool> HandleAsync(Delivery delivery, TaskRequest request, CancellationToken cancellationToken)
    {
        // A broker that counts nothing also marks what came back because a connection was lost: what this process still holds has killed nobody.
        var news = delivery.Deaths ?? (delivery.Redelivered && !inHand.IsInnocent(request.Id) ? 1 : 0);
        var deaths = CountOf(delivery.Message) + news;
        if (_maxDeaths == 0 || deaths == 0)
        {
            return false;
        }
        if (_passedOn.TryGetValue(request.Id, out var passing))
        {
            await passing.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (deaths >= _maxDeaths)
        {
            await outcomes.QuarantineAsync(delivery, Deadly(request, deaths), cancellationToken, request).ConfigureAwait(false);
            return true;
        }
        // In a process of its own it hurts nobody but itself.
        var mustRunAlone = options.Pool is not WorkerPool.Processes && deaths == _maxDeaths - 1 && !Suspects.IsSuspects(delivery.Queue);
        if (mustRunAlone)
        {
            var queue = await suspects.OpenAsync(delivery.Queue, cancellationToken).ConfigureAwait(false);
            Log.RunsAlone(log, request.Task, request.Id, deaths, queue);
            await PassOnAsync(delivery, request, Counted(queue, delivery, deaths), cancellationToken).ConfigureAwait(false);
            return true;
        }
        if (news > 0 && delivery.Deaths is null)
        {
            // Written down before it runs again; otherwise the next return would look like the first.
            Log.CameBack(log, request.Task, request.Id, delivery.Queue, deaths, _maxDeaths);
            await PassOnAsync(delivery, request, Counted(delivery.Queue, delivery, deaths), cancellationToken).ConfigureAwait(false);
            return true;
        }
        return false;
    }

    /// <summary>The deaths that are written on a message.</summary>
    public static int CountOf(Message message) =>
        message.Headers[TaskHeader.Deaths] is { Kind: HeaderKind.Long } deaths ? (int)Math.Clamp(deaths.AsLong(), 0, 1000) : 0;

    /// <summary>
    /// The copy must not run before the original is gone for good: it may kill this process at once, and an acknowledgement that is still on its way
    /// out of it would leave two of a message that kills.
    /// </summary>
    private async Task PassOnAsync(Delivery delivery, TaskRequest request, Publication copy, CancellationToken cancellationToken)
    {
        var passed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _passedOn[request.Id] = passed.Task;
        try
        {
            await outcomes.PassOnAsync(delivery, request, copy, cancellationToken).ConfigureAwait(false);
            if (broker.Capabilities is { AtomicCompletion: false, Counts: true })
            {
                // An answer on the same connection says that what was written before it has arrived.
                await broker.CountAsync(delivery.Queue, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (TransportException)
        {
            // The connection is lost, and with it the acknowledgement perhaps: then there are two, and each is counted for itself.
        }
        finally
        {
            _passedOn.TryRemove(request.Id, out _);
            passed.SetResult();
        }
    }

    private static Publication Counted(string queue, Delivery delivery, int deaths)
    {
        var headers = delivery.Message.Headers.Where(header => header.Key != TaskHeader.Deaths && !TaskHeader.TellsThePast(header.Key)).Append(new(TaskHeader.Deaths, deaths));
        return Publication.ToQueue(queue, delivery.Message with { Headers = new MessageHeaders(headers) });
    }

    private static DecodeFault Deadly(TaskRequest request, int deaths) =>
        new(QuarantineReason.KilledWorkers, $"Task '{request.Task}' was not run again: {deaths} worker processes have died or frozen while they held it. Find out why, then retry it from the quarantine.", request.Id, request.Task, request.ReplyTo)
        {
            CorrelationId = request.CorrelationId,
        };
}
