using System.Collections.Concurrent;
using Celeriac.Messaging;
using Celeriac.Results;

namespace Celeriac.Sending;

/// <summary>
/// Declares the queues that tasks travel through, exactly as Celery does (CELERY-PROTOCOL section 2): a durable queue without arguments
/// and a direct exchange of the same name. Each queue is declared once by each client.
/// </summary>
internal sealed class TaskQueues(ITransport transport)
{
    private const string Suspects = ".suspects";
    private const string Quarantine = ".quarantine";
    private readonly ConcurrentDictionary<string, Task> _declared = new(StringComparer.Ordinal);

    /// <summary>The durable queue that keeps what could not run from <paramref name="queue"/>.</summary>
    public static string QuarantineOf(string queue) => $"{queue}{Quarantine}";

    /// <summary>True for the name of such a queue.</summary>
    public static bool IsQuarantine(string queue) => queue.EndsWith(Quarantine, StringComparison.Ordinal);

    /// <summary>The durable queue of the messages of <paramref name="queue"/> that may have killed workers, each to be run alone.</summary>
    public static string SuspectsOf(string queue) => $"{queue}{Suspects}";

    /// <summary>The task queue that a message belongs to: the queue itself, or the one whose suspect it is.</summary>
    public static string OriginOf(string queue) => queue.EndsWith(Suspects, StringComparison.Ordinal) ? queue[..^Suspects.Length] : queue;

    public ValueTask EnsureAsync(string queue, CancellationToken cancellationToken) =>
        _declared.TryGetValue(queue, out var declared) && declared.IsCompletedSuccessfully
            ? ValueTask.CompletedTask
            : DeclareAsync(queue, () => DeclareTaskQueueAsync(queue), cancellationToken);

    public ValueTask EnsureQuarantineAsync(string queue, CancellationToken cancellationToken)
    {
        var quarantine = QuarantineOf(queue);
        return _declared.TryGetValue(quarantine, out var declared) && declared.IsCompletedSuccessfully
            ? ValueTask.CompletedTask
            : DeclareAsync(quarantine, () => transport.DeclareAsync(Topology.Queue(quarantine), CancellationToken.None).AsTask(), cancellationToken);
    }

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
        try
        {
            await transport.DeclareAsync(TopologyOf(queue, transport.Capabilities.Exchanges && OriginOf(queue) == queue), CancellationToken.None).ConfigureAwait(false);
        }
        catch (TransportRefusedException)
        {
            // Somebody has declared it with arguments, as Python does for priorities (task_queue_max_priority): it is taken as it is.
            if (await transport.CountAsync(queue, CancellationToken.None).ConfigureAwait(false) is null)
            {
                throw;
            }
        }
    }

    // Tasks travel through the default exchange; the exchange of the queue's name is there for Celery, which declares it too.
    private static Topology TopologyOf(string queue, bool withExchange) => new()
    {
        Exchanges = withExchange ? [new ExchangeDeclaration(queue)] : [],
        Queues = [new QueueDeclaration(queue)],
        Bindings = withExchange ? [new Binding(queue, queue, queue)] : [],
    };
}
