using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    private static Message FullMessage() => new()
    {
        Body = "[[], {}, {}]"u8.ToArray(),
        ContentType = "application/json",
        ContentEncoding = "utf-8",
        CorrelationId = "7d1c2f70-2f1e-4b32-9f5e-1c2b3a4d5e6f",
        ReplyTo = "replies-é-\"quoted\"",
        MessageId = "message: 1\\",
        Priority = 3,
        Headers = MessageHeaders.Empty.With("lang", "py").With("retries", 2L),
    };

    [Fact(Timeout = Limit)]
    public async Task Every_property_survives()
    {
        var sent = FullMessage();
        var received = await RoundTripAsync(sent);
        Assert.Equal(sent.Body.ToArray(), received.Body.ToArray());
        Assert.Equal(sent with { Body = default }, received with { Body = default });
    }

    [Fact(Timeout = Limit)]
    public async Task A_property_that_was_not_given_stays_null()
    {
        var received = await RoundTripAsync(new Message { Body = "bare"u8.ToArray() });
        // No priority and priority 0 mean the same, and a transport may give back either.
        Assert.Equal(new Message { Body = default, Priority = received.Priority }, received with { Body = default });
        Assert.Equal(0, received.Priority ?? 0);
    }

    [Theory(Timeout = Limit)]
    [InlineData(null)]
    [InlineData((byte)0)]
    [InlineData((byte)9)]
    [InlineData((byte)255)]
    public async Task The_priority_survives_in_a_queue_that_ignores_it(byte? priority)
    {
        if (priority > Can.MaxPriority && Can.MaxPriority > 0)
        {
            // A broker with few priorities may cut what it cannot tell apart, but not lose it.
            Assert.NotNull((await RoundTripAsync(TextMessage("cut") with { Priority = priority })).Priority);
            return;
        }
        Assert.Equal(priority ?? 0, (await RoundTripAsync(TextMessage("kept") with { Priority = priority })).Priority ?? 0);
    }

    [Fact(Timeout = Limit)]
    public async Task The_expiration_survives()
    {
        if (await ExpiryIsRefusedAsync())
        {
            return;
        }
        var received = await RoundTripAsync(TextMessage("expiring") with { Expiration = TimeSpan.FromMinutes(90) });
        Assert.Equal(TimeSpan.FromMinutes(90), received.Expiration);
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_that_need_not_be_persistent_says_so_on_arrival() =>
        Assert.False((await RoundTripAsync(TextMessage("light") with { Persistent = false })).Persistent);

    [Theory(Timeout = Limit)]
    [InlineData("")]
    [InlineData("with\nline end")]
    [InlineData("セロリ🥬")]
    public async Task A_correlation_id_may_be(string id) =>
        Assert.Equal(id, (await RoundTripAsync(TextMessage("correlated") with { CorrelationId = id })).CorrelationId);
}
