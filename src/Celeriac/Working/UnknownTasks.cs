using System.Collections.Concurrent;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>
/// What becomes of a task that this worker does not know. On a queue that others consume too it goes back for its owner, each time later than before;
/// where nobody else consumes, or nobody has wanted it so often, it fails and is put aside.
/// </summary>
internal sealed class UnknownTasks(TaskRuntimes tasks, OutcomeHandler outcomes, ITransport broker, string node, TimeProvider time, ILogger log)
{
    /// <summary>So often it goes back: about two minutes in all.</summary>
    public const int MostTries = 10;

    // A queue full of a neighbour's tasks must not ask the broker for each of them.
    private static readonly TimeSpan s_answerLasts = TimeSpan.FromSeconds(2);
    private const int TriesAtOnce = 3;
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_courtesy = TimeSpan.FromMilliseconds(50);
    private readonly ConcurrentDictionary<string, (long At, bool Others)> _answers = new(StringComparer.Ordinal);

    /// <summary>Sends the task back for its owner, or puts it aside and tells its caller.</summary>
    public async ValueTask HandleAsync(Delivery delivery, TaskRequest request, CancellationToken cancellationToken)
    {
        var tries = TriesOf(delivery.Message);
        if (tries < MostTries && await OthersConsumeAsync(delivery.Queue, cancellationToken).ConfigureAwait(false))
        {
            Log.TaskPassedOn(log, request.Task, request.Id, delivery.Queue, tries + 1, MostTries);
            await outcomes.PassOnAsync(delivery, request, Again(delivery, tries + 1), cancellationToken).ConfigureAwait(false);
            if (broker.Documents is not null)
            {
                // The consumers of a store race for what is there, and who has just put it back would win; a server hands out in turn.
                await Task.Delay(s_courtesy, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            return;
        }
        await outcomes.QuarantineAsync(delivery, Fault(request, tries), cancellationToken, request).ConfigureAwait(false);
    }

    /// <summary>How long the message waits before the given try: the first go back at once, because its owner may be free and only was not asked.</summary>
    public static TimeSpan DelayBefore(int tries) =>
        tries <= TriesAtOnce ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(Math.Pow(2, tries - TriesAtOnce - 1), s_longestDelay.TotalSeconds));

    private Publication Again(Delivery delivery, int tries)
    {
        var headers = delivery.Message.Headers.Where(header => !TaskHeader.TellsThePast(header.Key)).Append(new(TaskHeader.UnknownTries, tries));
        var delay = DelayBefore(tries);
        return Publication.ToQueue(delivery.Queue, delivery.Message with { Headers = new MessageHeaders(headers) }) with
        {
            Due = delay > TimeSpan.Zero && broker.Capabilities.Delay ? time.GetUtcNow() + delay : null,
        };
    }

    /// <summary>Whether anybody else consumes the queue. Where the broker cannot tell, nobody is supposed to.</summary>
    private async ValueTask<bool> OthersConsumeAsync(string queue, CancellationToken cancellationToken)
    {
        if (!broker.Capabilities.CountsConsumers)
        {
            return false;
        }
        if (_answers.TryGetValue(queue, out var known) && time.GetElapsedTime(known.At) < s_answerLasts)
        {
            return known.Others;
        }
        try
        {
            // One of them is this worker.
            var others = await broker.CountAsync(queue, cancellationToken).ConfigureAwait(false) is { Consumers: > 1 };
            _answers[queue] = (time.GetTimestamp(), others);
            return others;
        }
        catch (TransportException)
        {
            // In doubt it goes back: nothing is lost by that, and the tries are counted.
            return true;
        }
    }

    private static int TriesOf(Message message) =>
        message.Headers[TaskHeader.UnknownTries] is { Kind: HeaderKind.Long } tries ? (int)Math.Clamp(tries.AsLong(), 0, MostTries) : 0;

    private DecodeFault Fault(TaskRequest request, int tries)
    {
        var names = tasks.All.Select(task => task.Definition.Name).ToList();
        var known = names.Count == 0 ? "none" : string.Join(", ", names.Take(20)) + (names.Count > 20 ? ", …" : "");
        var others = tries == 0 ? "" : $", and no other consumer of its queue has taken it in {tries} tries";
        return new DecodeFault(QuarantineReason.UnknownTask, $"Task '{request.Task}' is not registered on worker '{node}'{others}. {DidYouMean.Sentence(request.Task, names)}Registered: {known}.", request.Id, request.Task, request.ReplyTo)
        {
            CorrelationId = request.CorrelationId,
        };
    }
}
