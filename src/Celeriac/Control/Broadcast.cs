using System.Text.Json.Nodes;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Results;
using Celeriac.SharedState;

namespace Celeriac.Control;

/// <summary>One remote control command from the side of its caller: the message to all, and the answers in a queue made for it alone.</summary>
internal sealed class Broadcast(TaskClient client, string command, JsonObject? arguments, ControlOptions options)
{
    private const int Prefetch = 256;
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(2);
    private readonly ITransport _transport = client.Transport;

    /// <summary>True once a revocation is kept in shared state, where workers find it that are away.</summary>
    public bool IsKept { get; private set; }

    /// <summary>Sends it; nobody answers.</summary>
    public async ValueTask TellAsync(CancellationToken cancellationToken)
    {
        var fault = await KeepAsync(cancellationToken).ConfigureAwait(false);
        if (await IsToldByStateAsync(cancellationToken).ConfigureAwait(false))
        {
            return;
        }
        await PublishAsync(cancellationToken).ConfigureAwait(false);
        if (fault is not null)
        {
            // The workers that listen know; whether any does, nobody can say.
            throw fault;
        }
    }

    private async ValueTask PublishAsync(CancellationToken cancellationToken)
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
        // First, so that the workers that hear the command find it kept.
        var fault = await KeepAsync(cancellationToken).ConfigureAwait(false);
        if (await IsToldByStateAsync(cancellationToken).ConfigureAwait(false))
        {
            return [];
        }
        var replies = await CollectAsync(told, cancellationToken).ConfigureAwait(false);
        return fault is null || replies.Count > 0 ? replies : throw fault;
    }

    /// <summary>Writes a revocation for all into shared state, where there is some. Its failure must not keep the workers from being told.</summary>
    private async ValueTask<TransportException?> KeepAsync(CancellationToken cancellationToken)
    {
        var isForAll = options.Destination is not { Count: > 0 } && string.IsNullOrEmpty(options.Pattern);
        if (!isForAll || client.State is not { } store || RevokedTasks.Of(command, arguments) is not { IsEmpty: false } tasks)
        {
            return null;
        }
        try
        {
            await new RevocationLog(store).AppendAsync(tasks, client.Time, cancellationToken).ConfigureAwait(false);
            IsKept = true;
            return null;
        }
        catch (TransportException error)
        {
            return error;
        }
    }

    /// <summary>True where the broker carries no remote control, and need not: the workers follow shared state. What is to be ended while it runs must be told.</summary>
    private async ValueTask<bool> IsToldByStateAsync(CancellationToken cancellationToken)
    {
        if (!IsKept || command == "terminate" || arguments?["terminate"] is JsonValue terminate && terminate.TryGetValue<bool>(out var ends) && ends)
        {
            return false;
        }
        await _transport.ConnectPatientlyAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        return !Pidbox.IsPossible(_transport);
    }

    private async ValueTask<IReadOnlyList<NodeReply>> CollectAsync(Action<NodeReply>? told, CancellationToken cancellationToken)
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
