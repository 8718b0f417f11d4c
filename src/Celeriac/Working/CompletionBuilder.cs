using Celeriac.Messaging;
using Celeriac.Sending;

namespace Celeriac.Working;

/// <summary>Makes a completion of effects: what must be there before it is written first.</summary>
internal sealed class CompletionBuilder(ITransport transport, IResultStore results, TaskQueues queues)
{
    /// <summary>Everything that must be there before the completion; null where the message was acknowledged early and all is done.</summary>
    public async ValueTask<Completion?> BuildAsync(Delivery delivery, Effects effects, string? replyTo, CancellationToken giveUp)
    {
        await DeclareTargetsAsync(delivery.Queue, effects, giveUp).ConfigureAwait(false);
        var told = await TellAsync(effects, giveUp).ConfigureAwait(false);
        var attached = effects.Record is { } record && !effects.IsAcknowledged ? results.Attach(transport, record, replyTo) : null;
        if (effects.Record is not null && attached is null)
        {
            await results.WriteAsync(effects.Record, replyTo, giveUp).ConfigureAwait(false);
        }
        IReadOnlyList<Publication> followUps = effects.Next.Tasks.Count + told.Count == 0
            ? effects.FollowUps
            : [.. effects.FollowUps, .. effects.Next.Tasks.Select(static task => task.Publication), .. told];
        if (effects.IsAcknowledged)
        {
            await transport.PublishAsync(followUps.ToArray(), giveUp).ConfigureAwait(false);
            return null;
        }
        return new Completion(delivery, effects.Settlement)
        {
            FollowUps = attached?.Reply is { } reply ? [.. followUps, reply] : followUps,
            Document = attached?.Document,
            IsEarly = effects.IsEarly,
        };
    }

    /// <summary>Writes the results of those that will not run, or answers them as messages where they are replies. Written again by a repeated step, they are the same.</summary>
    private async ValueTask<IReadOnlyList<Publication>> TellAsync(Effects effects, CancellationToken giveUp)
    {
        if (effects.Next.Told.Count == 0)
        {
            return [];
        }
        List<Publication> replies = [];
        foreach (var (record, replyTo) in effects.Next.Told)
        {
            if (!effects.IsAcknowledged && results.Attach(transport, record, replyTo) is { Reply: { } reply })
            {
                replies.Add(reply);
            }
            else
            {
                await results.WriteAsync(record, replyTo, giveUp).ConfigureAwait(false);
            }
        }
        return replies;
    }

    private async ValueTask DeclareTargetsAsync(string queue, Effects effects, CancellationToken giveUp)
    {
        if (effects.Next.Tasks.Count + effects.FollowUps.Count == 0)
        {
            return;
        }
        var origin = TaskQueues.NameOf(queue);
        foreach (var task in effects.Next.Queues)
        {
            await queues.EnsureAsync(task, giveUp).ConfigureAwait(false);
        }
        foreach (var publication in effects.FollowUps)
        {
            if (publication.RoutingKey == TaskQueues.QuarantineOf(origin))
            {
                await queues.EnsureQuarantineAsync(origin, giveUp).ConfigureAwait(false);
            }
            else if (publication.Exchange.Length > 0)
            {
                // A new task, whose queue is named beside it.
            }
            else if (queues.Definitions.IsBroadcast(publication.RoutingKey))
            {
                throw new TransportRefusedException($"A task cannot be retried to the broadcast queue '{publication.RoutingKey}', of which each worker has a part of its own. Send a new task there, or name another queue.");
            }
            else
            {
                await queues.EnsureAsync(publication.RoutingKey, giveUp).ConfigureAwait(false);
            }
        }
    }
}
