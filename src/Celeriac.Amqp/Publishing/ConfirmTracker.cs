using Celeriac.Amqp.Wire;
using Celeriac.Messaging;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Publishing;

/// <summary>
/// Which publications of one channel the broker has not yet answered. The broker counts the publishes of a channel from 1 and answers with these numbers, singly or up to one.
/// </summary>
internal sealed class ConfirmTracker
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, PendingPublish> _open = [];
    private ulong _next = 1;
    private ulong _lowest = 1;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>The next publication of the channel.</summary>
    public void Add(PendingPublish publish)
    {
        lock (_lock)
        {
            publish.WasReturned = false;
            _open.Add(_next++, publish);
        }
    }

    /// <summary>The broker's answer for one number or for all up to it.</summary>
    public void Answer(ulong number, bool upTo, bool isTaken)
    {
        lock (_lock)
        {
            for (var each = upTo ? _lowest : number; each <= number; each++)
            {
                if (_open.Remove(each, out var publish))
                {
                    Answer(publish, isTaken);
                }
            }
            while (_lowest < _next && !_open.ContainsKey(_lowest))
            {
                _lowest++;
            }
        }
    }

    /// <summary>
    /// The broker gives a publication back because it reaches no queue; its confirmation follows. A return carries no number. It belongs to an open publication of the
    /// same address and content; of several that are alike to the last byte it does not matter which is taken for it, because nobody could tell them apart.
    /// </summary>
    public void Return(string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        lock (_lock)
        {
            var alike = new List<PendingPublish>();
            for (var number = _lowest; number < _next; number++)
            {
                if (_open.TryGetValue(number, out var publish) && !publish.WasReturned && IsIt(publish, exchange, routingKey, properties, body.Span))
                {
                    alike.Add(publish);
                }
            }
            var returned = alike.Count > 1 ? alike.Find(publish => HasHeaders(publish, properties)) ?? alike[0] : alike.FirstOrDefault();
            returned?.WasReturned = true;
        }
    }

    /// <summary>The channel is gone: what it left without an answer, in the order of sending.</summary>
    public IReadOnlyList<PendingPublish> TakeOpen()
    {
        lock (_lock)
        {
            var open = _open.OrderBy(publish => publish.Key).Select(publish => publish.Value).ToList();
            _open.Clear();
            _lowest = _next;
            return open;
        }
    }

    private static void Answer(PendingPublish publish, bool isTaken)
    {
        if (publish.WasReturned)
        {
            publish.Failed(publish.Route.IsDelayed ? DelayLadder.Broken(publish.Route.Exchange) : new UnroutableException(publish.Route.Exchange, publish.Route.RoutingKey));
        }
        else if (isTaken)
        {
            publish.Confirmed();
        }
        else
        {
            publish.Failed(new TransportException(
                $"RabbitMQ did not take the message for '{publish.Publication.RoutingKey}': the queue is full or failed. Look at the queue's length limit and at the server's log, then publish again."));
        }
    }

    private static bool IsIt(PendingPublish publish, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body)
    {
        var message = publish.Publication.Message;
        return publish.Route.IsMandatory && publish.Route.RoutingKey == routingKey && publish.Route.Exchange == exchange
            && (message.CorrelationId ?? "") == (properties.CorrelationId ?? "") && (message.MessageId ?? "") == (properties.MessageId ?? "")
            && (message.ReplyTo ?? "") == (properties.ReplyTo ?? "") && message.Body.Span.SequenceEqual(body);
    }

    private static bool HasHeaders(PendingPublish publish, IReadOnlyBasicProperties properties) =>
        publish.Publication.Message.Headers.Equals(HeaderTable.FromLibrary(properties.Headers))
        && publish.Publication.Message.ContentType == properties.ContentType && (publish.Publication.Message.Priority ?? 0) == properties.Priority;
}
