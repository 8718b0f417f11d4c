using Celeriac.Amqp.Connecting;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using ExchangeType = Celeriac.Messaging.ExchangeType;

namespace Celeriac.Amqp.Topologies;

/// <summary>Declares, and remembers what this transport has declared, so that the next connection finds it again.</summary>
internal sealed class AmqpTopology(AmqpOptions options, TransportCapabilities capabilities, ILogger log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ExchangeDeclaration> _exchanges = new(StringComparer.Ordinal);
    private readonly Dictionary<string, QueueDeclaration> _queues = new(StringComparer.Ordinal);
    private readonly HashSet<Binding> _bindings = [];

    private readonly record struct Step(string What, Func<IChannel, bool, Task> Declare);

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
        if (!await AllAtOnceAsync(connection, steps).WaitAsync(cancellationToken).ConfigureAwait(false))
        {
            foreach (var step in steps)
            {
                await OneAsync(connection, step).WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        Remember(topology);
    }

    /// <summary>
    /// Declares on a new connection what was declared on older ones. What is refused, or not answered while the connection lives, costs only itself:
    /// a quorum queue that has lost its quorum, for example, answers nothing.
    /// </summary>
    /// <exception cref="TransportException">The connection was lost again.</exception>
    public async Task RestoreAsync(AmqpConnection connection)
    {
        var steps = Steps(Remembered());
        try
        {
            if (await AllAtOnceAsync(connection, steps).ConfigureAwait(false))
            {
                return;
            }
        }
        catch (TransportException) when (!connection.IsLost)
        {
            // One of them does not answer: each is asked by itself.
        }
        foreach (var step in steps)
        {
            try
            {
                await OneAsync(connection, step).ConfigureAwait(false);
            }
            catch (TransportException error) when (error is TransportRefusedException || !connection.IsLost)
            {
                Log.NotRestored(log, error.Message);
            }
        }
    }

    public void ForgetQueue(string queue)
    {
        lock (_lock)
        {
            _queues.Remove(queue);
            _bindings.RemoveWhere(binding => binding.Queue == queue);
        }
    }

    public void ForgetExchange(string exchange)
    {
        lock (_lock)
        {
            _exchanges.Remove(exchange);
            _bindings.RemoveWhere(binding => binding.Exchange == exchange);
        }
    }

    public void Forget(Binding binding)
    {
        lock (_lock)
        {
            _bindings.Remove(binding);
        }
    }

    /// <summary>
    /// Sends everything and waits for the last answer only. False: something was refused, and the broker tells what only to those who ask one by one.
    /// </summary>
    private static async Task<bool> AllAtOnceAsync(AmqpConnection connection, IReadOnlyList<Step> steps)
    {
        if (steps.Count < 2)
        {
            return steps.Count == 0;
        }
        try
        {
            return await connection.AskAsync("The topology cannot be declared", async channel =>
            {
                for (var index = 0; index < steps.Count; index++)
                {
                    await steps[index].Declare(channel, index < steps.Count - 1).ConfigureAwait(false);
                }
                return true;
            }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TransportRefusedException)
        {
            return false;
        }
    }

    private static Task<bool> OneAsync(AmqpConnection connection, Step step) => connection.AskAsync(step.What, async channel =>
    {
        await step.Declare(channel, false).ConfigureAwait(false);
        return true;
    }, CancellationToken.None);

    private List<Step> Steps(Topology topology) =>
    [
        .. topology.Exchanges.Distinct().Select(exchange => new Step($"Exchange '{exchange.Name}' cannot be declared", (channel, noWait) =>
            channel.ExchangeDeclareAsync(exchange.Name, Word(exchange.Type), exchange.Durable, autoDelete: false, noWait: noWait))),
        .. topology.Queues.Distinct().Select(queue => new Step($"Queue '{queue.Name}' cannot be declared", (channel, noWait) =>
            channel.QueueDeclareAsync(queue.Name, queue.Durable, queue.Exclusive, queue.AutoDelete, QueueArguments.Of(queue, options.HasQuorumQueues), noWait: noWait))),
        .. topology.Bindings.Distinct().Select(binding => new Step($"Queue '{binding.Queue}' cannot be bound to exchange '{binding.Exchange}'", (channel, noWait) =>
            channel.QueueBindAsync(binding.Queue, binding.Exchange, binding.RoutingKey, noWait: noWait))),
    ];

    private void Remember(Topology topology)
    {
        lock (_lock)
        {
            foreach (var exchange in topology.Exchanges)
            {
                _exchanges[exchange.Name] = exchange;
            }
            foreach (var queue in topology.Queues)
            {
                _queues[queue.Name] = queue;
            }
            _bindings.UnionWith(topology.Bindings);
        }
    }

    private Topology Remembered()
    {
        lock (_lock)
        {
            return new Topology { Exchanges = [.. _exchanges.Values], Queues = [.. _queues.Values], Bindings = [.. _bindings] };
        }
    }

    private static string Word(ExchangeType type) => type switch
    {
        ExchangeType.Direct => "direct",
        ExchangeType.Fanout => "fanout",
        ExchangeType.Topic => "topic",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not an exchange type."),
    };
}
