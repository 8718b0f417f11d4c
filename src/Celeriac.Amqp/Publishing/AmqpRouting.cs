using Celeriac.Amqp.Connecting;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Publishing;

/// <summary>
/// What must be known before a publication is sent: its size, its address, its delay. A publish to an exchange that does not exist would cost the whole publishing channel,
/// so the first one on a connection asks.
/// </summary>
internal sealed class AmqpRouting(AmqpOptions options, TransportCapabilities capabilities, TimeProvider time)
{
    private readonly DelayLadder _ladder = new(options.HasQuorumDelays);
    private readonly Lock _lock = new();
    private readonly HashSet<string> _exchanges = new(StringComparer.Ordinal);
    private AmqpConnection? _connection;

    /// <summary>True where the publication can be routed without asking the broker.</summary>
    public bool IsPlain(in Publication publication, AmqpConnection? connection) => Delay(publication) == 0 && IsKnown(publication.Exchange, connection);

    /// <summary>Refuses what AMQP or the transport cannot carry.</summary>
    /// <exception cref="TransportRefusedException">It cannot.</exception>
    public AmqpProperties Check(in Publication publication)
    {
        var message = publication.Message;
        if (message.Body.Length > options.MaxBodyBytes)
        {
            throw new TransportRefusedException(
                $"The message body has {message.Body.Length} bytes, but this transport takes at most {options.MaxBodyBytes}. Send a reference to the data instead, or raise max_body in the broker URL.");
        }
        capabilities.Require(publication, time.GetUtcNow());
        ShortText.Require("exchange name", publication.Exchange);
        ShortText.Require("routing key", publication.RoutingKey);
        if (Delay(publication) == 0)
        {
            return new AmqpProperties(message);
        }
        // On the ladder an expiration would be taken for the end of the delay.
        return message.Expiration is null ? new AmqpProperties(message) : throw new TransportRefusedException(
            $"The message for '{publication.RoutingKey}' asks for a delay and to expire after {message.Expiration}, but on RabbitMQ an expiration would end the delay early. Leave Expiration out, or give its queue a MessageTimeToLive.");
    }

    /// <summary>Where to publish; null where it reaches nobody and need not.</summary>
    /// <exception cref="UnroutableException">The exchange or the delayed message's queue does not exist.</exception>
    public async Task<PublishRoute?> RouteAsync(Publication publication, AmqpConnection connection, HashSet<string> hung)
    {
        if (Delay(publication) is > 0 and var seconds)
        {
            return await _ladder.RouteAsync(connection, publication, seconds, hung).ConfigureAwait(false);
        }
        if (!IsKnown(publication.Exchange, connection))
        {
            await AskAsync(publication, connection).ConfigureAwait(false);
        }
        return Plain(publication);
    }

    public static PublishRoute Plain(in Publication publication) => new(publication.Exchange, publication.RoutingKey, publication.Mandatory);

    /// <summary>Something that was there is gone: the next publication asks again.</summary>
    public void Forget()
    {
        _ladder.Forget();
        lock (_lock)
        {
            _exchanges.Clear();
        }
    }

    private int Delay(in Publication publication) => publication.Due is { } due ? DelayTraces.Seconds(due - time.GetUtcNow()) : 0;

    private bool IsKnown(string exchange, AmqpConnection? connection)
    {
        if (exchange.Length == 0)
        {
            return true;
        }
        lock (_lock)
        {
            return connection is not null && _connection == connection && _exchanges.Contains(exchange);
        }
    }

    private async Task AskAsync(Publication publication, AmqpConnection connection)
    {
        try
        {
            await connection.AskAsync($"The message for '{publication.RoutingKey}' cannot be published to exchange '{publication.Exchange}'", async channel =>
            {
                await channel.ExpectExchangeAsync(publication.Exchange).ConfigureAwait(false);
                return true;
            }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TransportRefusedException error) when (error.InnerException is { } inner && AmqpErrors.IsNotFound(inner))
        {
            throw new UnroutableException(publication.Exchange, publication.RoutingKey);
        }
        lock (_lock)
        {
            if (_connection != connection)
            {
                _exchanges.Clear();
                _connection = connection;
            }
            _exchanges.Add(publication.Exchange);
        }
    }
}
