using Celeriac.Amqp.Connecting;
using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Celeriac.Amqp.Publishing;

/// <summary>
/// Delayed messages without a plug-in, as Celery's native delayed delivery does it: 28 queues whose messages live 1, 2, 4 … seconds and are then handed down, and topic
/// exchanges that choose by the binary digits of the delay which of them a message waits in. At the foot the message goes to its queue, which is bound there by exactly its name.
/// </summary>
/// <remarks>
/// A message for a named exchange ends in a small relay queue of its own, one for each pair of exchange and routing key, whose messages die at once and are dead-lettered to that
/// exchange with that key: only so does it arrive with both. Whether the exchange exists is known at once; whether a binding will match when the time comes nobody can know, so for
/// it <c>mandatory</c> means no more. With quorum queues the relay then keeps the message until a binding matches; with classic ones it is dropped.
/// </remarks>
internal sealed class DelayLadder(bool isQuorum)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(AmqpConnection, string), Task> _hanging = [];
    private (AmqpConnection Connection, Task Declared)? _declared;

    /// <summary>Makes sure that the ladder stands and that the target hangs on it, and answers where to publish.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="publication">What is published.</param>
    /// <param name="seconds">How long it waits.</param>
    /// <param name="hung">The targets that hang on the ladder since the publish began: a thousand messages for one queue need one binding.</param>
    /// <returns>Null where the message is not mandatory and its queue does not exist: it reaches nobody.</returns>
    /// <exception cref="UnroutableException">The queue or the exchange does not exist.</exception>
    public async Task<PublishRoute?> RouteAsync(AmqpConnection connection, Publication publication, int seconds, HashSet<string> hung)
    {
        var target = publication.Exchange.Length == 0 ? publication.RoutingKey : Relay(publication);
        if (Encoding.UTF8.GetByteCount(DelayTraces.Escape(target)) > DelayTraces.LongestTarget)
        {
            throw new TransportRefusedException(
                $"The message for queue '{target[..60]}…' cannot be delayed: the queue's name has more than {DelayTraces.LongestTarget} bytes, and a delay takes the rest of AMQP's routing key. Use a shorter name.");
        }
        await StandAsync(connection).ConfigureAwait(false);
        try
        {
            if (!hung.Contains(target))
            {
                await HangTogetherAsync(connection, publication, target).ConfigureAwait(false);
                hung.Add(target);
            }
        }
        catch (TransportRefusedException error) when (error.InnerException is { } inner && AmqpErrors.IsNotFound(inner))
        {
            if (inner.Message.Contains(DelayTraces.Prefix, StringComparison.Ordinal))
            {
                Forget();
                throw Broken(DelayTraces.DeliveryExchange);
            }
            return publication.Mandatory || publication.Exchange.Length > 0 ? throw new UnroutableException(publication.Exchange, publication.RoutingKey) : null;
        }
        // The steps above the first digit that is 1 would only hand it down: it begins on that one, which costs the server a twentieth.
        return new PublishRoute(DelayTraces.Level(BitOperations.Log2((uint)seconds)), DelayTraces.Key(seconds, target), IsMandatory: true, IsDelayed: true);
    }

    /// <summary>The ladder is declared again before the next delayed message.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _declared = null;
        }
    }

    /// <summary>What to throw when a part of the ladder was deleted while it was in use.</summary>
    public static DelayLadderException Broken(string part) => new(part);

    private Task StandAsync(AmqpConnection connection)
    {
        lock (_lock)
        {
            if (_declared is not { } declared || declared.Connection != connection || declared.Declared.IsFaulted)
            {
                declared = (connection, connection.AskAsync("The queues for delayed messages cannot be declared (check the option delay_queue_type)", DeclareAsync, CancellationToken.None));
                _declared = declared;
            }
            return declared.Declared;
        }
    }

    /// <summary>Who comes while the same binding is being made waits for that one.</summary>
    private async Task HangTogetherAsync(AmqpConnection connection, Publication publication, string target)
    {
        Task? hanging;
        var isOurs = false;
        lock (_lock)
        {
            if (!_hanging.TryGetValue((connection, target), out hanging))
            {
                _hanging[(connection, target)] = hanging = HangAsync(connection, publication, target);
                isOurs = true;
            }
        }
        try
        {
            await hanging.ConfigureAwait(false);
        }
        finally
        {
            if (isOurs)
            {
                lock (_lock)
                {
                    _hanging.Remove((connection, target));
                }
            }
        }
    }

    /// <summary>A binding vanishes with its queue, so it is made anew for each publish; the answer also says whether the queue is there.</summary>
    private Task<bool> HangAsync(AmqpConnection connection, Publication publication, string target) =>
        connection.AskAsync($"The message for '{publication.RoutingKey}' cannot be delayed", async channel =>
        {
            if (publication.Exchange.Length > 0)
            {
                await channel.ExpectExchangeAsync(publication.Exchange).ConfigureAwait(false);
                await channel.DeclareQueueAsync(new QueueDeclaration(target), RelayArguments(publication), noWait: true).ConfigureAwait(false);
            }
            await channel.BindQueueAsync(target, DelayTraces.DeliveryExchange, DelayTraces.Pattern(target)).ConfigureAwait(false);
            return true;
        }, CancellationToken.None);

    private async Task<bool> DeclareAsync(IAmqpChannel channel)
    {
        await channel.DeclareExchangeAsync(DelayTraces.DeliveryExchange, "topic", durable: true, noWait: true).ConfigureAwait(false);
        var below = DelayTraces.DeliveryExchange;
        for (var level = 0; level < DelayTraces.Levels; level++)
        {
            var name = DelayTraces.Level(level);
            var digits = string.Concat(Enumerable.Repeat("*.", DelayTraces.Levels - 1 - level));
            await channel.DeclareExchangeAsync(name, "topic", durable: true, noWait: true).ConfigureAwait(false);
            await channel.DeclareQueueAsync(new QueueDeclaration(name), Arguments(below, (1L << level) * 1000), noWait: true).ConfigureAwait(false);
            await channel.BindQueueAsync(name, name, digits + "1.#", noWait: true).ConfigureAwait(false);
            await channel.BindExchangeAsync(below, name, digits + "0.#", noWait: true).ConfigureAwait(false);
            below = name;
        }
        // The one answer that all the others come before.
        await channel.ExpectExchangeAsync(DelayTraces.DeliveryExchange).ConfigureAwait(false);
        return true;
    }

    private MessageHeaders RelayArguments(Publication publication) => Arguments(publication.Exchange, 0).With("x-dead-letter-routing-key", publication.RoutingKey);

    private MessageHeaders Arguments(string deadLetterExchange, long timeToLive)
    {
        var arguments = MessageHeaders.Empty.With("x-queue-type", isQuorum ? "quorum" : "classic").With("x-overflow", "reject-publish")
            .With("x-message-ttl", timeToLive).With("x-dead-letter-exchange", deadLetterExchange);
        return isQuorum ? arguments.With("x-dead-letter-strategy", "at-least-once") : arguments;
    }

    private static string Relay(Publication publication) =>
        $"{DelayTraces.Prefix}relay_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{publication.Exchange}\0{publication.RoutingKey}")).AsSpan(0, 16))}";
}

/// <summary>A part of the delay ladder is gone.</summary>
internal sealed class DelayLadderException(string part)
    : TransportException($"The message cannot be delayed: '{part}', through which delayed messages go, was deleted. It is declared again with the next delayed message; publish again.");
