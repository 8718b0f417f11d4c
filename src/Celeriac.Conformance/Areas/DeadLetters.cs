using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    /// <summary>Where dead-letter exchanges are not claimed: asserts that the refusal says so, and answers true.</summary>
    private async Task<bool> DeadLettersAreRefusedAsync()
    {
        if (Can.DeadLetter)
        {
            return false;
        }
        await AssertRefusedAsync(
            async () => await DeclareQueueAsync("refused", queue => queue with { DeadLetterExchange = "" }), "dead", Harness.NameOf("refused"));
        return true;
    }

    private async Task RejectAsync(string queue)
    {
        await using var subscription = await SubscribeAsync(queue, prefetch: 1);
        Assert.Equal(CompletionStatus.Applied, await (await ReceiveAsync(subscription)).RejectAsync(Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_that_is_rejected_goes_to_the_dead_letter_exchange_with_its_own_routing_key()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        if (await DeadLettersAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        var dead = await DeclareQueueAsync("dead");
        var queue = await DeclareQueueAsync(shape: queue => queue with { DeadLetterExchange = exchange });
        await BindAsync(exchange, dead, queue);
        await PublishAsync(queue, "bad");
        await RejectAsync(queue);
        await using var subscription = await SubscribeAsync(dead);
        var letter = await ReceiveAsync(subscription);
        Assert.Equal(("bad", exchange, queue), (TextOf(letter), letter.Exchange, letter.RoutingKey));
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_that_is_rejected_goes_with_the_dead_letter_routing_key_where_the_queue_has_one()
    {
        if (await DeadLettersAreRefusedAsync())
        {
            return;
        }
        var dead = await DeclareQueueAsync("dead");
        var queue = await DeclareQueueAsync(shape: queue => queue with { DeadLetterExchange = "", DeadLetterRoutingKey = dead });
        await PublishAsync(queue, "bad");
        await RejectAsync(queue);
        Assert.Equal(["bad"], await DrainAsync(dead, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_dead_letter_keeps_its_body_properties_and_headers()
    {
        if (await DeadLettersAreRefusedAsync())
        {
            return;
        }
        var dead = await DeclareQueueAsync("dead");
        var queue = await DeclareQueueAsync(shape: queue => queue with { DeadLetterExchange = "", DeadLetterRoutingKey = dead });
        var sent = FullMessage();
        await Transport.PublishAsync(Publication.ToQueue(queue, sent), Cancelled);
        await RejectAsync(queue);
        await using var subscription = await SubscribeAsync(dead);
        var letter = (await ReceiveAsync(subscription)).Message;
        Assert.Equal(sent.Body.ToArray(), letter.Body.ToArray());
        Assert.Equal(
            (sent.ContentType, sent.ContentEncoding, sent.CorrelationId, sent.ReplyTo, sent.MessageId, sent.Priority ?? 0),
            (letter.ContentType, letter.ContentEncoding, letter.CorrelationId, letter.ReplyTo, letter.MessageId, letter.Priority ?? 0));
        // A broker may add headers of its own that tell of the death.
        Assert.All(sent.Headers, header => Assert.Equal(header.Value, letter.Headers[header.Key]));
    }

    [Fact(Timeout = Limit)]
    public async Task A_dead_letter_that_reaches_no_queue_is_dropped()
    {
        if (await DeadLettersAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync(
            shape: queue => queue with { DeadLetterExchange = "", DeadLetterRoutingKey = Harness.NameOf("absent") });
        await PublishAsync(queue, "bad", "next");
        await RejectAsync(queue);
        Assert.Equal(["next"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_dead_letter_exchange_may_be_declared_after_the_queue()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        if (await DeadLettersAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync(shape: queue => queue with { DeadLetterExchange = Harness.NameOf("exchange") });
        await PublishAsync(queue, "bad");
        var (exchange, dead) = (await DeclareExchangeAsync(), await DeclareQueueAsync("dead"));
        await BindAsync(exchange, dead, queue);
        await RejectAsync(queue);
        Assert.Equal(["bad"], await DrainAsync(dead, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_dead_letter_exchange_that_another_connection_declared_meanwhile_is_honoured()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        if (await DeadLettersAreRefusedAsync())
        {
            return;
        }
        var (exchange, dead) = (Harness.NameOf("exchange"), Harness.NameOf("dead"));
        var queue = await DeclareQueueAsync(shape: queue => queue with { DeadLetterExchange = exchange });
        await PublishAsync(queue, "bad");
        await using var subscription = await SubscribeAsync(queue);
        var delivery = await ReceiveAsync(subscription);
        await Harness.Open().DeclareAsync(
            new Topology
            {
                Exchanges = [new ExchangeDeclaration(exchange)],
                Queues = [new QueueDeclaration(dead)],
                Bindings = [new Binding(exchange, dead, queue)],
            },
            Cancelled);
        await delivery.RejectAsync(Cancelled);
        Assert.Equal(["bad"], await DrainAsync(dead, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_dead_letter_of_an_expired_message_does_not_expire_again()
    {
        if (await ExpiryIsRefusedAsync() || await DeadLettersAreRefusedAsync())
        {
            return;
        }
        var dead = await DeclareQueueAsync("dead");
        var queue = await DeclareQueueAsync(shape: queue => queue with { DeadLetterExchange = "", DeadLetterRoutingKey = dead });
        await PublishExpiringAsync(queue, "expired", Short);
        await PassAsync(Short * 2);
        await AssertEmptyAsync(queue);
        await PassAsync(Short * 2);
        Assert.Equal(["expired"], await DrainAsync(dead, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task Only_a_reject_dead_letters()
    {
        if (await DeadLettersAreRefusedAsync())
        {
            return;
        }
        var dead = await DeclareQueueAsync("dead");
        var queue = await DeclareQueueAsync(shape: queue => queue with { DeadLetterExchange = "", DeadLetterRoutingKey = dead });
        await PublishAsync(queue, "requeued then acknowledged");
        await using var subscription = await SubscribeAsync(queue);
        await (await ReceiveAsync(subscription)).RequeueAsync(Cancelled);
        await (await ReceiveAsync(subscription)).AckAsync(Cancelled);
        await AssertEmptyAsync(dead);
    }
}
