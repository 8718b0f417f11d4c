using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Celeriac.Control.Commands;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;
using Celeriac.Protocol;
using Celeriac.Results;

namespace Celeriac.Control;

/// <summary>
/// A worker's ear for remote control: a subscription and a loop of its own, so that a worker whose slots are all taken answers at once.
/// Whatever comes is answered or dropped with a word in the log; nothing that comes can end it.
/// </summary>
internal sealed class ControlNode(ControlledWorker worker)
{
    private const int Prefetch = 32;
    private static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(2);

    private readonly ControlCommands _commands = new(worker.Options);
    private readonly HashSet<string> _declared = new(StringComparer.Ordinal);
    private readonly ITransport _transport = worker.Client.Transport;
    private readonly ContentRegistry _contents = ControlCodec.ContentsOf(worker.Client.Contents);
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the node first listens, or when it is clear that it never will.</summary>
    public Task Listening => _listening.Task;

    /// <summary>Listens until <paramref name="stop"/> fires. Never throws.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var delay = s_firstDelay;
        var greeting = Task.CompletedTask;
        var elections = Elections.RunAsync(worker, stop);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (await SubscribeAsync(stop).ConfigureAwait(false) is not { } subscription)
                {
                    break;
                }
                await using (subscription.ConfigureAwait(false))
                {
                    delay = s_firstDelay;
                    greeting = _listening.TrySetResult() ? GreetAsync(stop) : greeting;
                    await ListenAsync(subscription, stop).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            catch (Exception error) when (error is TransportException or OperationCanceledException)
            {
                Log.ControlFailed(worker.Log, error, worker.Node, delay);
            }
            catch (Exception error)
            {
                Log.ControlBroken(worker.Log, error, worker.Node);
                delay = s_longestDelay;
            }
            await Task.Delay(delay, worker.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay * 2 < s_longestDelay ? delay * 2 : s_longestDelay;
        }
        _listening.TrySetResult();
        await greeting.ConfigureAwait(false);
        await elections.ConfigureAwait(false);
        await LeaveAsync().ConfigureAwait(false);
    }

    /// <summary>What a worker asks the others once, beside its work.</summary>
    private async Task GreetAsync(CancellationToken stop)
    {
        if (!worker.Options.WithoutMingle)
        {
            await Mingle.AskAsync(worker, stop).ConfigureAwait(false);
        }
        await Neighbours.LookAsync(worker, stop).ConfigureAwait(false);
    }

    /// <summary>Null where the broker cannot carry remote control.</summary>
    private async ValueTask<ISubscription?> SubscribeAsync(CancellationToken stop)
    {
        // What the server can do is known once it is connected.
        await _transport.ConnectPatientlyAsync().WaitAsync(stop).ConfigureAwait(false);
        if (!Pidbox.IsPossible(_transport))
        {
            Log.ControlImpossible(worker.Log, worker.Node, _transport.Name);
            return null;
        }
        await _transport.DeclareAsync(Pidbox.Node(worker.Node, _transport.Capabilities), stop).ConfigureAwait(false);
        return await _transport.SubscribeAsync(new SubscriptionOptions([Pidbox.QueueOf(worker.Node)], Prefetch) { ConsumerName = worker.Node }, stop).ConfigureAwait(false);
    }

    private async Task ListenAsync(ISubscription subscription, CancellationToken stop)
    {
        while (await subscription.ReceiveAsync(stop).ConfigureAwait(false) is { } delivery)
        {
            // Before it is obeyed: a command that ends the process must not come again.
            await delivery.AckAsync(stop).ConfigureAwait(false);
            await ObeyAsync(delivery.Message, stop).ConfigureAwait(false);
        }
    }

    private async ValueTask ObeyAsync(Message message, CancellationToken stop)
    {
        if (!ControlCodec.TryDecode(message, _contents, out var request, out var fault))
        {
            Log.ControlDropped(worker.Log, worker.Node, fault);
            return;
        }
        if (request.Clock > 0)
        {
            worker.Client.Clock.Adjust(request.Clock);
        }
        if (!IsForUs(request))
        {
            return;
        }
        var call = new ControlCall(worker, request.Method, request.Arguments) { IsForAll = request.Address is { Destination: null or { Count: 0 }, Pattern: null or "" } };
        var value = await RunAsync(call, stop).ConfigureAwait(false);
        if (request.ReplyTo is { } replyTo && !call.IsUnanswered)
        {
            await ReplyAsync(replyTo, value, stop).ConfigureAwait(false);
        }
    }

    private bool IsForUs(ControlRequest request)
    {
        if (request.Expires > 0 && request.Expires < (worker.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds)
        {
            return false;
        }
        try
        {
            return request.Address.Means(worker.Node);
        }
        catch (Exception error) when (error is ArgumentException or RegexMatchTimeoutException or NotSupportedException)
        {
            Log.ControlDropped(worker.Log, worker.Node, TaskMessageDecoder.Shown(error.Message));
            return false;
        }
    }

    private async ValueTask<JsonNode?> RunAsync(ControlCall call, CancellationToken stop)
    {
        try
        {
            return await _commands.RunAsync(call, stop).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            var shown = ControlErrors.ReprOf(error);
            Log.CommandFailed(worker.Log, worker.Node, TaskMessageDecoder.Shown(call.Method), TaskMessageDecoder.Shown(shown));
            return ControlCall.Error(shown);
        }
    }

    private async ValueTask ReplyAsync(ControlReplyTo to, JsonNode? value, CancellationToken stop)
    {
        try
        {
            if (Pidbox.IsReplyExchange(to.Exchange) && _declared.Count < 100 && _declared.Add(to.Exchange))
            {
                await _transport.DeclareAsync(new Topology { Exchanges = [Pidbox.ReplyTo(to.Exchange)] }, stop).ConfigureAwait(false);
            }
            await _transport.PublishAsync(ControlCodec.EncodeReply(to, worker.Node, value, worker.Client.Clock.Forward()), stop).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TransportException or InvalidOperationException)
        {
            _declared.Remove(to.Exchange);
            Log.ReplyNotSent(worker.Log, error, worker.Node);
        }
    }

    /// <summary>The broker ends the queue by itself; where it does not, we do.</summary>
    private async ValueTask LeaveAsync()
    {
        try
        {
            if (_transport.Health.State == ConnectionState.Connected && Pidbox.IsPossible(_transport))
            {
                await _transport.DeleteQueueAsync(Pidbox.QueueOf(worker.Node), CancellationToken.None).AsTask().WaitAsync(s_goodbye).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is TransportException or TimeoutException or ObjectDisposedException)
        {
            Log.ControlFailed(worker.Log, error, worker.Node, TimeSpan.Zero);
        }
    }
}
