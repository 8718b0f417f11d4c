using System.Text.Json.Nodes;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Results;

namespace Celeriac.Control;

/// <summary>One remote control command from the side of its caller: the message to all, and the answers in a queue made for it alone.</summary>
internal sealed class Broadcast(TaskClient client, string command, JsonObject? arguments, ControlOptions options)
{
    private const int Prefetch = 256;
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(2);
    private readonly ITransport _transport = client.Transport;

    /// <summary>Sends it; nobody answers.</summary>
    public async ValueTask TellAsync(CancellationToken cancellationToken)
    {
        await RequireFanoutAsync(cancellationToken).ConfigureAwait(false);
        await _transport.DeclareAsync(Pidbox.Commands, cancellationToken).ConfigureAwait(false);
        // Without a time by which it must be obeyed, as Celery sends what nobody waits for.
        await _transport.PublishAsync(ControlCodec.Encode(command, arguments, Address, replyTo: null, client.Clock.Forward(), expires: 0), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends it and collects the answers until the time is up or all that are expected have come.</summary>
    /// <param name="told">Told of each answer as it comes; null for nobody.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<IReadOnlyList<NodeReply>> AskAsync(Action<NodeReply>? told, CancellationToken cancellationToken)
    {
        await RequireFanoutAsync(cancellationToken).ConfigureAwait(false);
        var replyId = TaskId.New();
        var ticket = TaskId.New();
        var queue = Pidbox.ReplyQueueOf(replyId);
        await _transport.DeclareAsync(Pidbox.Replies(replyId, _transport.Capabilities), cancellationToken).ConfigureAwait(false);
        try
        {
            var subscription = await _transport.SubscribeAsync(new SubscriptionOptions([queue], Prefetch) { ConsumerName = NodeName.Client }, cancellationToken).ConfigureAwait(false);
            await using (subscription.ConfigureAwait(false))
            {
                var expires = (client.Time.GetUtcNow() - DateTimeOffset.UnixEpoch + options.Timeout).TotalSeconds;
                var replyTo = new ControlReplyTo(Pidbox.ReplyExchange, replyId, ticket);
                await _transport.PublishAsync(ControlCodec.Encode(command, arguments, Address, replyTo, client.Clock.Forward(), expires), cancellationToken).ConfigureAwait(false);
                return await CollectAsync(subscription, ticket, told, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await DeleteAsync(queue).ConfigureAwait(false);
        }
    }

    private ControlAddress Address => new(options.Destination, options.Pattern, options.Pattern is null ? null : options.Matcher);

    private async ValueTask RequireFanoutAsync(CancellationToken cancellationToken)
    {
        // What the server can do is known once it is connected.
        await _transport.ConnectPatientlyAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!Pidbox.IsPossible(_transport))
        {
            throw new TransportRefusedException(
                $"Command '{command}' cannot be sent: remote control needs fanout exchanges, which broker '{_transport.Name}' does not have. Use another broker, or ask the workers' hosts.");
        }
    }

    private async ValueTask<IReadOnlyList<NodeReply>> CollectAsync(ISubscription subscription, string ticket, Action<NodeReply>? told, CancellationToken cancellationToken)
    {
        var replies = new List<NodeReply>();
        var contents = ControlCodec.ContentsOf(client.Contents);
        var limit = options.Limit ?? (options.Destination is { Count: > 0 } destination ? destination.Distinct(StringComparer.Ordinal).Count() : int.MaxValue);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ending.CancelAfter(options.Timeout);
        try
        {
            while (replies.Count < limit && await subscription.ReceiveAsync(ending.Token).ConfigureAwait(false) is { } delivery)
            {
                await delivery.AckAsync(cancellationToken).ConfigureAwait(false);
                client.Clock.Adjust(ControlCodec.ClockOf(delivery.Message.Headers));
                if (ControlCodec.DecodeReply(delivery.Message, ticket, contents, out var fault) is { } reply)
                {
                    replies.Add(new NodeReply(reply.Node, reply.Value));
                    told?.Invoke(replies[^1]);
                }
                else if (fault is not null && client.UnreadableAnswers.Add(fault))
                {
                    // Who sent it stands in what cannot be read.
                    Log.AnswerUnreadable(client.Log, command, fault);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is up: these are the answers.
        }
        return replies;
    }

    /// <summary>The broker ends the queue by itself where it can; a queue that stays is no reason to lose the answers.</summary>
    private async ValueTask DeleteAsync(string queue)
    {
        try
        {
            await _transport.DeleteQueueAsync(queue, CancellationToken.None).AsTask().WaitAsync(s_goodbye).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TransportException or TimeoutException)
        {
            // It expires, or goes with its last consumer.
        }
    }
}
