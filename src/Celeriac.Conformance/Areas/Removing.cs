using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task After_unbinding_the_key_no_longer_reaches_the_queue_but_other_keys_do()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        var queue = await DeclareQueueAsync();
        await BindAsync(exchange, queue, "one");
        await BindAsync(exchange, queue, "two");
        await Transport.UnbindAsync(new Binding(exchange, queue, "one"), Cancelled);
        await Assert.ThrowsAsync<UnroutableException>(() => PublishToAsync(exchange, "one", "1"));
        await PublishToAsync(exchange, "two", "2");
        Assert.Equal(["2"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task Removing_a_binding_that_is_not_there_is_no_error()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        var queue = await DeclareQueueAsync();
        await Transport.UnbindAsync(new Binding(exchange, queue, "never bound"), Cancelled);
        await PublishAsync(queue, "still working");
        Assert.Equal(["still working"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task Deleting_a_queue_answers_whether_it_was_there()
    {
        var queue = await DeclareQueueAsync();
        Assert.True(await Transport.DeleteQueueAsync(queue, Cancelled));
        Assert.False(await Transport.DeleteQueueAsync(queue, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task A_queue_with_properties_is_deleted_by_its_name_alone()
    {
        var queue = await DeclareQueueAsync(shape: queue => queue with
        {
            MaxPriority = Can.MaxPriority > 0 ? (byte)5 : null,
            Expires = Can.QueueExpiry ? TimeSpan.FromHours(1) : null,
            MessageTimeToLive = Can.MessageExpiry ? TimeSpan.FromMinutes(1) : null,
            DeadLetterExchange = Can.DeadLetter ? "" : null,
            DeadLetterRoutingKey = Can.DeadLetter ? "dead" : null,
        });
        Assert.True(await Transport.DeleteQueueAsync(queue, Cancelled));
        Assert.False(await Transport.DeleteQueueAsync(queue, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task A_deleted_queue_takes_its_messages_and_bindings_with_it()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        var queue = await DeclareQueueAsync();
        await BindAsync(exchange, queue, "key");
        await PublishAsync(queue, "deleted");
        await Transport.DeleteQueueAsync(queue, Cancelled);
        await Assert.ThrowsAsync<UnroutableException>(() => PublishAsync(queue, "no queue"));
        await DeclareQueueAsync();
        await AssertEmptyAsync(queue);
        await Assert.ThrowsAsync<UnroutableException>(() => PublishToAsync(exchange, "key", "no binding"));
    }

    [Fact(Timeout = Limit)]
    public async Task Deleting_an_exchange_answers_whether_it_was_there_and_takes_its_bindings_with_it()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        var queue = await DeclareQueueAsync();
        await BindAsync(exchange, queue, "key");
        Assert.True(await Transport.DeleteExchangeAsync(exchange, Cancelled));
        Assert.False(await Transport.DeleteExchangeAsync(exchange, Cancelled));
        await DeclareExchangeAsync();
        await Assert.ThrowsAsync<UnroutableException>(() => PublishToAsync(exchange, "key", "no binding"));
    }

    [Fact(Timeout = Limit)]
    public async Task Purging_drops_what_nobody_holds_and_answers_how_many()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(5));
        var held = Assert.IsType<Delivery>(await Transport.GetAsync(queue, Cancelled));
        Assert.Equal(4, await Transport.PurgeAsync(queue, Cancelled));
        await AssertEmptyAsync(queue);
        await held.RequeueAsync(Cancelled);
        Assert.Equal(["0"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task Purging_an_empty_queue_answers_zero()
    {
        var queue = await DeclareQueueAsync();
        Assert.Equal(0, await Transport.PurgeAsync(queue, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task Purging_a_queue_that_does_not_exist_is_refused_by_its_name()
    {
        var absent = Harness.NameOf("absent");
        await AssertRefusedAsync(async () => await Transport.PurgeAsync(absent, Cancelled), absent);
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_published_after_a_purge_arrives()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "purged");
        await Transport.PurgeAsync(queue, Cancelled);
        await PublishAsync(queue, "later");
        Assert.Equal(["later"], await DrainAsync(queue, 1));
    }
}
