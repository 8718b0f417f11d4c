using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    /// <summary>Where topics are not claimed: asserts that the refusal says so, and answers true.</summary>
    private async Task<bool> TopicsAreRefusedAsync()
    {
        if (Can.Topic)
        {
            return false;
        }
        await AssertRefusedAsync(async () => await DeclareExchangeAsync(ExchangeType.Topic, "refused"), "topic", Harness.NameOf("refused"));
        return true;
    }

    [Theory(Timeout = Limit)]
    [InlineData("a.b.c", "a.b.c", true)]
    [InlineData("a.b.c", "a.b", false)]
    [InlineData("a.b.c", "a.b.c.d", false)]
    [InlineData("a.*.c", "a.b.c", true)]
    [InlineData("a.*.c", "a.c", false)]
    [InlineData("a.*.c", "a.b.b.c", false)]
    [InlineData("a.*.c", "a..c", true)]
    [InlineData("*", "a", true)]
    [InlineData("*", "a.b", false)]
    [InlineData("#", "", true)]
    [InlineData("#", "a.b.c", true)]
    [InlineData("a.#", "a", true)]
    [InlineData("a.#", "a.b.c", true)]
    [InlineData("a.#", "ab", false)]
    [InlineData("#.c", "c", true)]
    [InlineData("#.c", "a.b.c", true)]
    [InlineData("#.c", "a.b", false)]
    [InlineData("a.#.c", "a.c", true)]
    [InlineData("a.#.c", "a.b.b.c", true)]
    [InlineData("a.#.c", "a.b", false)]
    [InlineData("#.b.#", "a.b.c", true)]
    [InlineData("*.#", "a", true)]
    [InlineData("*.#.*", "a", false)]
    [InlineData("a*", "ab", false)]
    [InlineData("A.B", "a.b", false)]
    public async Task A_topic_binding_matches_word_by_word(string pattern, string routingKey, bool matches)
    {
        if (await TopicsAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync(ExchangeType.Topic);
        var queue = await DeclareQueueAsync();
        await BindAsync(exchange, queue, pattern);
        await Transport.PublishAsync(new Publication(TextMessage("matched"), exchange, routingKey), Cancelled);
        await PublishAsync(queue, "end");
        Assert.Equal(matches ? "matched" : "end", (await DrainAsync(queue, 1))[0]);
    }

    [Fact(Timeout = Limit)]
    public async Task A_queue_that_two_bindings_match_gets_one_copy()
    {
        if (await TopicsAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync(ExchangeType.Topic);
        var queue = await DeclareQueueAsync();
        await BindAsync(exchange, queue, "a.*");
        await BindAsync(exchange, queue, "#");
        await PublishToAsync(exchange, "a.b", "one copy");
        await PublishAsync(queue, "end");
        Assert.Equal(["one copy", "end"], await DrainAsync(queue, 2));
    }

    [Fact(Timeout = Limit)]
    public async Task Every_queue_whose_binding_matches_gets_a_copy()
    {
        if (await TopicsAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync(ExchangeType.Topic);
        var (errors, all) = (await DeclareQueueAsync("errors"), await DeclareQueueAsync("all"));
        await BindAsync(exchange, errors, "*.error");
        await BindAsync(exchange, all, "#");
        await PublishToAsync(exchange, "disk.error", "broken");
        await PublishToAsync(exchange, "disk.info", "fine");
        Assert.Equal(["broken"], await DrainAsync(errors, 1));
        Assert.Equal(["broken", "fine"], await DrainAsync(all, 2));
        await AssertEmptyAsync(errors);
    }
}
