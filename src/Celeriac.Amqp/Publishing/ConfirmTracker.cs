using Celeriac.Messaging;

namespace Celeriac.Amqp.Publishing;

/// <summary>
/// Which publications of one channel the broker has not yet answered, in a ring. The broker counts the publishes of a channel from 1 and answers with these numbers, singly or up to one.
/// </summary>
internal sealed class ConfirmTracker
{
    private readonly Lock _lock = new();
    private PendingPublish?[] _ring = new PendingPublish?[64];
    private ulong _next = 1;
    private ulong _lowest = 1;

    /// <summary>How many there are from the oldest without an answer on.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return (int)(_next - _lowest);
            }
        }
    }

    /// <summary>The next publication of the channel.</summary>
    public void Add(PendingPublish publish)
    {
        lock (_lock)
        {
            if (_next - _lowest == (ulong)_ring.Length)
            {
                Grow();
            }
            publish.WasReturned = false;
            At(_next++) = publish;
        }
    }

    /// <summary>The publication that was added last was not sent.</summary>
    public void TakeBack()
    {
        lock (_lock)
        {
            At(--_next) = null;
        }
    }

    /// <summary>The broker's answer for one number or for all up to it.</summary>
    public void Answer(ulong number, bool upTo, bool isTaken)
    {
        lock (_lock)
        {
            // A number that was never given, or is answered already, answers nothing.
            for (var each = upTo ? _lowest : Math.Max(number, _lowest); each <= number && each < _next; each++)
            {
                if (At(each) is { } publish)
                {
                    At(each) = null;
                    Answer(publish, isTaken);
                }
            }
            while (_lowest < _next && At(_lowest) is null)
            {
                _lowest++;
            }
        }
    }

    /// <summary>
    /// The broker gives a publication back because it reaches no queue; its confirmation follows. A return carries no number. It belongs to an open publication of the
    /// same address and content; of several that are alike to the last byte it does not matter which is taken for it, because nobody could tell them apart.
    /// </summary>
    public void Return(string exchange, string routingKey, Message message)
    {
        lock (_lock)
        {
            var alike = new List<PendingPublish>();
            for (var number = _lowest; number < _next; number++)
            {
                if (At(number) is { WasReturned: false } publish && IsIt(publish, exchange, routingKey, message))
                {
                    alike.Add(publish);
                }
            }
            var returned = alike.Count > 1 ? alike.Find(publish => HasHeaders(publish, message)) ?? alike[0] : alike.FirstOrDefault();
            returned?.WasReturned = true;
        }
    }

    /// <summary>The channel is gone: what it left without an answer, in the order of sending.</summary>
    public IReadOnlyList<PendingPublish> TakeOpen()
    {
        lock (_lock)
        {
            var open = new List<PendingPublish>();
            for (var number = _lowest; number < _next; number++)
            {
                if (At(number) is { } publish)
                {
                    open.Add(publish);
                    At(number) = null;
                }
            }
            _lowest = _next;
            return open;
        }
    }

    private ref PendingPublish? At(ulong number) => ref _ring[number & (ulong)(_ring.Length - 1)];

    private void Grow()
    {
        var old = _ring;
        _ring = new PendingPublish?[old.Length * 2];
        for (var number = _lowest; number < _next; number++)
        {
            At(number) = old[number & (ulong)(old.Length - 1)];
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

    private static bool IsIt(PendingPublish publish, string exchange, string routingKey, Message returned)
    {
        var message = publish.Publication.Message;
        return publish.Route.IsMandatory && publish.Route.RoutingKey == routingKey && publish.Route.Exchange == exchange
            && (message.CorrelationId ?? "") == (returned.CorrelationId ?? "") && (message.MessageId ?? "") == (returned.MessageId ?? "")
            && (message.ReplyTo ?? "") == (returned.ReplyTo ?? "") && message.Body.Span.SequenceEqual(returned.Body.Span);
    }

    private static bool HasHeaders(PendingPublish publish, Message returned) =>
        publish.Publication.Message.Headers.Equals(returned.Headers)
        && publish.Publication.Message.ContentType == returned.ContentType && (publish.Publication.Message.Priority ?? 0) == (returned.Priority ?? 0);
}
