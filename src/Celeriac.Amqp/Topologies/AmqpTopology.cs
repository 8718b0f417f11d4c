using Celeriac.Amqp.Connecting;
using Celeriac.Amqp.Links;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Celeriac.Messaging.Stores;
using Microsoft.Extensions.Logging;

namespace Celeriac.Amqp.Topologies;

/// <summary>Declares, and declares again on the next connection what this transport has declared.</summary>
internal sealed class AmqpTopology(AmqpOptions options, TransportCapabilities capabilities, ILogger log)
{
    private readonly DeclaredTopology _declared = new();

    private readonly record struct Step(string What, Func<IAmqpChannel, bool, Task> Declare);

    /// <summary>Refuses what the transport cannot do, before anything is sent.</summary>
    /// <exception cref="TransportRefusedException">It cannot.</exception>
    public void Check(Topology topology)
    {
        TopologyPlan.RequireConsistent(topology);
        foreach (var exchange in topology.Exchanges)
        {
            RoutingTable.CheckName("exchange", exchange.Name);
            capabilities.Require(exchange);
        }
        foreach (var queue in topology.Queues)
        {
            RoutingTable.CheckName("queue", queue.Name);
            capabilities.Require(queue);
            QueueArguments.Check(queue);
        }
        foreach (var binding in topology.Bindings)
        {
            capabilities.Require(binding);
            Wire.ShortText.Require("routing key", binding.RoutingKey);
            if (binding.Exchange.Length == 0)
            {
                throw new TransportRefusedException($"Queue '{binding.Queue}' cannot be bound to the default exchange: every queue is bound to it by its own name already.");
            }
        }
    }

    /// <exception cref="TransportRefusedException">Something exists with other properties, or is not there to be bound.</exception>
    public async Task DeclareAsync(AmqpConnection connection, Topology topology, CancellationToken cancellationToken)
    {
        var steps = Steps(topology);
        try
        {
            await TogetherAsync(connection, steps).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (TransportRefusedException) when (steps.Count > 1)
        {
            // The broker tells what it refuses only to those who ask one by one.
            foreach (var step in steps)
            {
                await TogetherAsync(connection, [step]).WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        _declared.Add(topology);
    }

    /// <summary>
    /// Declares on a new connection what was declared on older ones. What is refused, or not answered while the connection lives, costs only itself:
    /// a quorum queue that has lost its quorum, for example, answers nothing.
    /// </summary>
    /// <exception cref="TransportException">The connection was lost again.</exception>
    public Task RestoreAsync(AmqpConnection connection) => _declared.DeclareAgainAsync(
        topology => TogetherAsync(connection, Steps(topology)),
        error => error is TransportRefusedException || !connection.IsLost,
        error => Log.NotRestored(log, error.Message));

    public void ForgetQueue(string queue) => _declared.RemoveQueue(queue);

    public void ForgetExchange(string exchange) => _declared.RemoveExchange(exchange);

    public void Forget(Binding binding) => _declared.Remove(binding);

    /// <summary>Sends everything and waits for the last answer only.</summary>
    private static async Task TogetherAsync(AmqpConnection connection, IReadOnlyList<Step> steps)
    {
        if (steps.Count > 0)
        {
            await connection.AskAsync(steps is [{ } only] ? only.What : "The topology cannot be declared", async channel =>
            {
                for (var index = 0; index < steps.Count; index++)
                {
                    await steps[index].Declare(channel, index < steps.Count - 1).ConfigureAwait(false);
                }
                return true;
            }, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private List<Step> Steps(Topology topology) =>
    [
        .. topology.Exchanges.Distinct().Select(exchange => new Step($"Exchange '{exchange.Name}' cannot be declared", (channel, noWait) =>
            channel.DeclareExchangeAsync(exchange.Name, Word(exchange.Type), exchange.Durable, noWait))),
        .. topology.Queues.Distinct().Select(queue => new Step($"Queue '{queue.Name}' cannot be declared", (channel, noWait) =>
            channel.DeclareQueueAsync(queue, QueueArguments.Of(queue, options.HasQuorumQueues), noWait))),
        .. topology.Bindings.Distinct().Select(binding => new Step($"Queue '{binding.Queue}' cannot be bound to exchange '{binding.Exchange}'", (channel, noWait) =>
            channel.BindQueueAsync(binding.Queue, binding.Exchange, binding.RoutingKey, noWait))),
    ];

    private static string Word(ExchangeType type) => type switch
    {
        ExchangeType.Direct => "direct",
        ExchangeType.Fanout => "fanout",
        ExchangeType.Topic => "topic",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not an exchange type."),
    };
}
