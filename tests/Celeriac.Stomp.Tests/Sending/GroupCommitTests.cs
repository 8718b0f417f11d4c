using System.Globalization;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests.Sending;

/// <summary>What many callers send at once shares transactions on ActiveMQ.</summary>
public sealed class GroupCommitTests : StompTest
{
    private StompTap? _tap;
    private ITransport? _transport;

    private StompTap Tap => _tap!;

    private ITransport Transport => _transport!;

    public override async ValueTask InitializeAsync()
    {
        var server = await ActiveMqAsync();
        _tap = Own(new StompTap(server.StompPort));
        _transport = Open(Tap.Through(server.StompUrl) + "?heartbeat=1h");
    }

    [Fact(Timeout = Limit)]
    public async Task Many_publishers_use_few_transactions_and_each_keeps_its_order()
    {
        var queue = await DeclareAsync(Transport);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(caller => PublishAsync(queue, caller, 5)));
        var transactions = Tap.Sent.Count(frame => frame.Command == "BEGIN");
        Assert.InRange(transactions, 1, 100);
        await using var subscription = await SubscribeAsync(Transport, queue, prefetch: 100);
        var seen = new Dictionary<string, int>();
        for (var count = 0; count < 1000; count++)
        {
            var delivery = await ReceiveAsync(subscription);
            var parts = TextOf(delivery).Split('.');
            Assert.Equal(seen.GetValueOrDefault(parts[0]), int.Parse(parts[1], CultureInfo.InvariantCulture));
            seen[parts[0]] = seen.GetValueOrDefault(parts[0]) + 1;
            await delivery.AckAsync(Cancelled);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_lone_publication_needs_no_transaction()
    {
        var queue = await DeclareAsync(Transport);
        var before = Tap.Sent.Count(frame => frame.Command == "BEGIN");
        await SendAsync(Transport, queue, "alone");
        Assert.Equal(before, Tap.Sent.Count(frame => frame.Command == "BEGIN"));
    }

    [Fact(Timeout = Limit)]
    public async Task Delayed_messages_are_never_inside_a_transaction()
    {
        var queue = await DeclareAsync(Transport);
        var due = TimeProvider.System.GetUtcNow() + TimeSpan.FromMilliseconds(500);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(number => Transport.PublishAsync(
            new[] { Publication.ToQueue(queue, Text($"now {number}")), Publication.ToQueue(queue, Text($"late {number}")) with { Due = due } }, Cancelled).AsTask()));
        var delayed = Tap.Sent.Where(frame => frame.Headers.Find("AMQ_SCHEDULED_DELAY") is not null).ToList();
        Assert.Equal(100, delayed.Count);
        Assert.All(delayed, frame => Assert.Null(frame.Headers.Find("transaction")));
        Assert.Contains(Tap.Sent, frame => frame.Command == "SEND" && frame.Headers.Find("transaction") is not null);
        await using var subscription = await SubscribeAsync(Transport, queue, prefetch: 100);
        var texts = new HashSet<string>();
        while (texts.Count < 200)
        {
            var delivery = await ReceiveAsync(subscription);
            Assert.True(texts.Add(TextOf(delivery)), "A message came twice.");
            await delivery.AckAsync(Cancelled);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_list_is_stored_as_a_whole()
    {
        var queue = await DeclareAsync(Transport);
        await Transport.PublishAsync(Enumerable.Range(0, 150).Select(number => Publication.ToQueue(queue, Text($"{number}"))).ToArray(), Cancelled);
        var named = Tap.Sent.Where(frame => frame.Command == "SEND" && frame.Headers.Find("destination") == $"/queue/{queue}").Select(frame => frame.Headers.Find("transaction"));
        Assert.NotNull(Assert.Single(named.Distinct()));
    }

    private async Task PublishAsync(string queue, int caller, int count)
    {
        for (var number = 0; number < count; number++)
        {
            await SendAsync(Transport, queue, $"{caller}.{number}");
        }
    }
}
