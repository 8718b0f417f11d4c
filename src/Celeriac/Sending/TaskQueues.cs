using System.Collections.Concurrent;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Results;
using Microsoft.Extensions.Logging;

namespace Celeriac.Sending;

/// <summary>
/// Declares the queues that tasks travel through, exactly as Celery does (CELERY-PROTOCOL section 2): a durable queue, without arguments where the options say none,
/// and a direct exchange of the same name. Each queue is declared once by each client.
/// </summary>
internal sealed class TaskQueues(ITransport transport, QueueDefinitions definitions, Func<ILogger> log)
{
    private const string Suspects = ".suspects";
    private const string Quarantine = ".quarantine";
    // A worker's part of a broadcast queue outlives it by this, where the messaging system does not delete it with its consumer.
    private static readonly TimeSpan s_broadcastExpires = TimeSpan.FromHours(1);
    private readonly ConcurrentDictionary<string, Task> _declared = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);

    /// <summary>What the queues are.</summary>
    public QueueDefinitions Definitions => definitions;

    /// <summary>The durable queue that keeps what could not run from <paramref name="queue"/>.</summary>
    public static string QuarantineOf(string queue) => $"{queue}{Quarantine}";

    /// <summary>True for the name of such a queue.</summary>
    public static bool IsQuarantine(string queue) => queue.EndsWith(Quarantine, StringComparison.Ordinal);

    /// <summary>The durable queue of the messages of <paramref name="queue"/> that may have killed workers, each to be run alone.</summary>
    public static string SuspectsOf(string queue) => $"{queue}{Suspects}";

    /// <summary>The task queue that a message belongs to: the queue itself, or the one whose suspect it is.</summary>
    public static string OriginOf(string queue) => queue.EndsWith(Suspects, StringComparison.Ordinal) ? queue[..^Suspects.Length] : queue;

    /// <summary>The queue of that message as people name it, also where it came by a worker's part of a broadcast queue.</summary>
    public static string NameOf(string queue) => QueueDefinitions.NameOf(OriginOf(queue));

    /// <summary>Makes sure that what is sent to the queue arrives; of a broadcast queue, which only workers have, that its exchange is there.</summary>
    /// <exception cref="TransportRefusedException">The broker refuses.</exception>
    public ValueTask EnsureAsync(string queue, CancellationToken cancellationToken) =>
        _declared.TryGetValue(queue, out var declared) && declared.IsCompletedSuccessfully
            ? ValueTask.CompletedTask
            : DeclareTaskQueueOnceAsync(queue, cancellationToken);

    public ValueTask EnsureQuarantineAsync(string queue, CancellationToken cancellationToken)
    {
        var quarantine = QuarantineOf(queue);
        return _declared.TryGetValue(quarantine, out var declared) && declared.IsCompletedSuccessfully
            ? ValueTask.CompletedTask
            : DeclareAsync(quarantine, () => transport.DeclareAsync(Topology.Queue(quarantine), CancellationToken.None).AsTask(), cancellationToken);
    }

    private ValueTask DeclareTaskQueueOnceAsync(string queue, CancellationToken cancellationToken) => DeclareAsync(queue, () => DeclareTaskQueueAsync(queue), cancellationToken);

    /// <summary>Somebody has deleted the queue: the next use declares it again.</summary>
    public void Forget(string queue) => _declared.TryRemove(queue, out _);

    private async ValueTask DeclareAsync(string queue, Func<Task> declare, CancellationToken cancellationToken)
    {
        // Many first calls at once share one declaration; one that failed is not remembered.
        var declaring = _declared.GetOrAdd(queue, _ => declare());
        try
        {
            await declaring.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (declaring.IsFaulted)
        {
            _declared.TryRemove(new(queue, declaring));
            throw;
        }
    }

    private async Task DeclareTaskQueueAsync(string queue)
    {
        // What the server can do is known once it is connected.
        await transport.ConnectPatientlyAsync().ConfigureAwait(false);
        var topology = OriginOf(queue) == queue ? TopologyOf(definitions.Find(queue)) : Topology.Queue(queue);
        try
        {
            await transport.DeclareAsync(topology, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TransportRefusedException refusal) when (topology.Queues.Count > 0)
        {
            // Somebody has declared it otherwise, as Python does for priorities (task_queue_max_priority), or long ago: it is taken as it is.
            if (!transport.Capabilities.Counts || await transport.CountAsync(queue, CancellationToken.None).ConfigureAwait(false) is null)
            {
                throw;
            }
            await BindAsIsAsync(topology, refusal).ConfigureAwait(false);
        }
    }

    private async Task BindAsIsAsync(Topology topology, TransportRefusedException refusal)
    {
        var queue = topology.Queues[0];
        if (queue != new QueueDeclaration(queue.Name) && _told.TryAdd(queue.Name, true))
        {
            Log.QueueTakenAsItIs(log(), queue.Name, refusal.Message);
        }
        try
        {
            await transport.DeclareAsync(topology with { Queues = [] }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TransportRefusedException) when (topology.Exchanges.All(exchange => exchange.Type == ExchangeType.Direct))
        {
            // Tasks for it travel through the default exchange all the same.
        }
    }

    // To a direct queue tasks travel through the default exchange; the exchange of the queue's name is there for Celery, which declares it too.
    private Topology TopologyOf(TaskQueue queue)
    {
        var can = transport.Capabilities;
        var needsExchanges = queue.ExchangeType != ExchangeType.Direct || queue.Bindings.Count > 0;
        var exchange = new ExchangeDeclaration(queue.Exchange!, queue.ExchangeType!.Value);
        if (queue.IsBroadcast)
        {
            return new Topology { Exchanges = [exchange] };
        }
        return new Topology
        {
            Exchanges = can.Exchanges || needsExchanges
                ? [.. queue.Bindings.Select(binding => new ExchangeDeclaration(binding.Exchange, binding.ExchangeType)).Prepend(exchange).Distinct()]
                : [],
            Queues = [DeclarationOf(queue, can)],
            Bindings = can.Exchanges || needsExchanges
                ? [.. queue.Bindings.Select(binding => new Binding(binding.Exchange, queue.Name, binding.RoutingKey)).Prepend(new Binding(queue.Exchange!, queue.Name, queue.RoutingKey!)).Distinct()]
                : [],
        };
    }

    private static QueueDeclaration DeclarationOf(TaskQueue queue, TransportCapabilities can) => QueueDefinitions.IsPart(queue.Name)
        ? new QueueDeclaration(queue.Name) { AutoDelete = true, Type = QueueType.Classic, Expires = can.QueueExpiry ? s_broadcastExpires : null }
        : new QueueDeclaration(queue.Name) { MaxPriority = queue.MaxPriority, Type = queue.Type, MessageTimeToLive = queue.MessageTimeToLive, Expires = queue.Expires };
}
