namespace Celeriac.Messaging.Stores;

/// <summary>Turns publications and settlements into units of work for a store, by one routing table.</summary>
internal readonly struct StoreRouting(RoutingTable table, TransportCapabilities capabilities, long maxBodyBytes, long now)
{
    /// <summary>The unit of one publication.</summary>
    public StoreUnit UnitOf(Publication publication)
    {
        var queues = RouteOf(publication);
        var due = DueOf(publication);
        var puts = new StorePut[queues.Count];
        for (var index = 0; index < puts.Length; index++)
        {
            puts[index] = PutOf(queues[index], publication.Message, publication.Exchange, publication.RoutingKey, due);
        }
        return new StoreUnit { TopologyVersion = table.Version, Puts = puts, Published = puts.Length == 0 || publication.Exchange.Length > 0 ? [publication] : [] };
    }

    /// <summary>The unit of one completion: follow-ups, document and the end of the claim.</summary>
    public StoreUnit UnitOf(Completion completion)
    {
        capabilities.Require(completion);
        var delivery = completion.Delivery;
        var end = completion.Settlement == Settlement.Requeue ? ClaimEnd.Return : ClaimEnd.Remove;
        IReadOnlyList<Document> documents = completion.Document is { } document ? [document] : [];
        if (completion.FollowUps.Count == 0 && completion.Settlement != Settlement.Reject)
        {
            return new StoreUnit { Documents = documents, Claim = delivery.Claim, End = end };
        }
        var puts = new List<StorePut>(completion.FollowUps.Count);
        List<Publication>? published = null;
        foreach (var publication in completion.FollowUps)
        {
            var before = puts.Count;
            AddPuts(puts, publication);
            if (puts.Count == before || publication.Exchange.Length > 0)
            {
                (published ??= []).Add(publication);
            }
        }
        if (completion.Settlement == Settlement.Reject && table.Queue(delivery.Queue) is { } queue)
        {
            AddDeadLetter(puts, queue.Declaration, delivery.Message, delivery.RoutingKey, "rejected");
        }
        return new StoreUnit
        {
            // Also a routing that found no queue must be one of the present topology.
            TopologyVersion = table.Version,
            Puts = puts,
            Published = published ?? [],
            Documents = documents,
            Claim = delivery.Claim,
            End = end,
        };
    }

    /// <summary>The unit that ends an expired message: dead-lettered, or dropped where its queue has no dead-letter exchange.</summary>
    public StoreUnit UnitOfExpired(TakenMessage taken)
    {
        var puts = new List<StorePut>();
        if (table.Queue(taken.QueueId) is { } queue)
        {
            AddDeadLetter(puts, queue.Declaration, taken.Message, taken.RoutingKey, "expired");
        }
        return new StoreUnit { TopologyVersion = table.Version, Puts = puts, Claim = taken.Claim, End = ClaimEnd.Remove };
    }

    private void AddPuts(List<StorePut> puts, Publication publication)
    {
        var due = DueOf(publication);
        foreach (var queue in RouteOf(publication))
        {
            puts.Add(PutOf(queue, publication.Message, publication.Exchange, publication.RoutingKey, due));
        }
    }

    private IReadOnlyList<StoredQueue> RouteOf(in Publication publication)
    {
        if (publication.Message.Body.Length > maxBodyBytes)
        {
            throw new TransportRefusedException(
                $"The message body has {publication.Message.Body.Length} bytes, but this transport takes at most {maxBodyBytes}. Send a reference to the data instead, or raise max_body in the broker URL.");
        }
        capabilities.Require(publication, DateTimeOffset.FromUnixTimeMilliseconds(now));
        var queues = table.Route(publication.Exchange, publication.RoutingKey);
        return queues is null || (queues.Count == 0 && publication.Mandatory) ? throw new UnroutableException(publication.Exchange, publication.RoutingKey) : queues;
    }

    /// <summary>Rounded up: a message must not be early by the part of a millisecond that is cut. 0 for what is due already.</summary>
    private long DueOf(in Publication publication)
    {
        var due = publication.Due is { } time ? (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond : 0;
        return due > now ? due : 0;
    }

    private void AddDeadLetter(List<StorePut> puts, QueueDeclaration from, Message message, string routingKey, string reason)
    {
        var headers = message.Headers.Contains("x-first-death-queue")
            ? message.Headers
            : message.Headers.With("x-first-death-queue", from.Name).With("x-first-death-reason", reason);
        // As on RabbitMQ a dead letter has no expiration of its own left: it would expire again at once.
        var dead = message with { Headers = headers, Expiration = null };
        foreach (var queue in table.RouteDeadLetter(from, routingKey))
        {
            puts.Add(PutOf(queue, dead, from.DeadLetterExchange ?? "", from.DeadLetterRoutingKey ?? routingKey, due: 0));
        }
    }

    private StorePut PutOf(StoredQueue queue, Message message, string exchange, string routingKey, long due)
    {
        var timeToLive = (message.Expiration, queue.Declaration.MessageTimeToLive) switch
        {
            ({ } own, { } common) => own < common ? own : common,
            var (own, common) => own ?? common,
        };
        var start = due > 0 ? due : now;
        return new StorePut(queue.Id, message, exchange, routingKey)
        {
            Priority = Math.Min(message.Priority ?? 0, Math.Min(queue.Declaration.MaxPriority ?? 0, capabilities.MaxPriority)),
            Due = due,
            ExpiresAt = timeToLive is { } time ? start + Math.Max(1, (long)Math.Min(time.TotalMilliseconds, 1e14)) : 0,
        };
    }
}
