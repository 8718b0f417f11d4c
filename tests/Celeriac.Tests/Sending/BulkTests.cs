using Celeriac.Messaging;
using Celeriac.Results;
using Celeriac.Tests.Hosting;
using static Celeriac.Tests.Filters.Stage;

namespace Celeriac.Tests.Sending;

public sealed class BulkTests
{
    [Fact]
    public async Task A_long_list_is_read_as_it_is_sent()
    {
        var (client, transport) = Client();
        await using var closing = client;
        var readAtFirst = 0;
        var sent = await client.SendManyAsync(Endless().Take(2500), Token);

        Assert.Equal(2500, sent.Select(result => result.Id).Distinct().Count());
        Assert.Equal([1000, 1000, 500], transport.Batches);
        Assert.Equal(1000, readAtFirst);

        IEnumerable<Signature> Endless()
        {
            for (var read = 0; ; read++)
            {
                readAtFirst = transport.Batches.Count == 0 ? read + 1 : readAtFirst;
                yield return new Signature("t");
            }
        }
    }

    [Fact]
    public async Task Large_bodies_make_smaller_chunks()
    {
        var (client, transport) = Client();
        await using var closing = client;
        var megabyte = new string('x', 1 << 20);
        await client.SendManyAsync(Enumerable.Range(0, 9).Select(_ => new Signature("t").WithArgs(megabyte)), Token);

        Assert.Equal([4, 4, 1], transport.Batches);
    }

    [Fact]
    public async Task Nothing_to_send_sends_nothing()
    {
        await using var client = TaskClient.Open(HostingApp.NewBroker());
        Assert.Empty(await client.SendManyAsync(Array.Empty<Signature>(), Token));
    }

    [Fact]
    public async Task When_some_fail_the_exception_says_which_are_confirmed_refused_and_unknown()
    {
        await using var client = Broken(new PublishException([(1, new TransportRefusedException("no")), (2, new PublishUnknownException("late", "c"))], 4));
        var error = await Assert.ThrowsAsync<BulkSendException>(async () => await client.SendManyAsync(Named("a", "b", "c", "d"), Token));

        Assert.Equal(["a", "d"], error.Confirmed);
        Assert.Equal(["b"], error.Refused);
        Assert.Equal(["c"], error.Unknown);
        Assert.Equal(["a", "b", "c", "d"], error.Items.Select(item => item.Id));
        Assert.Equal("Not all tasks were sent. Of 4 that were tried 2 are confirmed, 1 were not sent and of 1 it is unknown. no Items says which.", error.Message);
    }

    [Fact]
    public async Task When_the_broker_does_not_answer_at_all_every_task_of_the_chunk_is_unknown()
    {
        await using var client = Broken(new PublishUnknownException("late", "a"));
        var error = await Assert.ThrowsAsync<BulkSendException>(async () => await client.SendManyAsync(Named("a", "b"), Token));

        Assert.Equal(["a", "b"], error.Unknown);
    }

    [Fact]
    public async Task A_broker_that_is_away_has_refused_the_chunk_and_the_rest_was_not_tried()
    {
        await using var client = Broken(new TransportException("away"), goodBatches: 1);
        var error = await Assert.ThrowsAsync<BulkSendException>(async () => await client.SendManyAsync(Enumerable.Range(0, 5000).Select(_ => new Signature("t")), Token));

        Assert.Equal((1000, 1000, 0), (error.Confirmed.Count, error.Refused.Count, error.Unknown.Count));
    }

    [Fact]
    public async Task A_list_that_throws_after_something_was_sent_tells_what_was()
    {
        await using var client = TaskClient.Open(HostingApp.NewBroker());
        var error = await Assert.ThrowsAsync<BulkSendException>(async () => await client.SendManyAsync(ThrowingAfter(1500), Token));

        Assert.Equal((1000, 1000), (error.Items.Count, error.Confirmed.Count));
        Assert.IsType<InvalidOperationException>(error.InnerException);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await client.SendManyAsync(ThrowingAfter(3), Token));
    }

    [Fact]
    public async Task A_queue_that_was_deleted_is_declared_again_and_nothing_is_sent_twice()
    {
        await using var client = TaskClient.Open(HostingApp.NewBroker());
        await client.SendAsync(new Signature("t"), Token);
        await client.Transport.DeleteQueueAsync("celery", Token);
        await client.SendManyAsync(Named("a", "b", "c"), Token);

        Assert.Equal(3, (await client.Transport.CountAsync("celery", Token))!.Ready);
    }

    [Fact]
    public async Task Different_queues_and_delays_may_stand_in_one_list()
    {
        await using var client = TaskClient.Open(HostingApp.NewBroker());
        await client.SendManyAsync(
            [new Signature("t") { Options = new() { Queue = "one" } }, new Signature("t") { Options = new() { Queue = "two" } }, new Signature("t") { Options = new() { Queue = "two", Countdown = TimeSpan.FromHours(1) } }],
            Token);

        Assert.Equal(1, (await client.Transport.CountAsync("one", Token))!.Ready);
        Assert.Equal((1, 1), ((await client.Transport.CountAsync("two", Token))!.Ready, (await client.Transport.CountAsync("two", Token))!.Delayed));
    }

    private static IEnumerable<Signature> ThrowingAfter(int after)
    {
        for (var index = 0; index < after; index++)
        {
            yield return new Signature("t");
        }
        throw new InvalidOperationException("the list is broken");
    }

    private static Signature[] Named(params string[] ids) => [.. ids.Select(id => new Signature("t") { Options = new() { TaskId = id } })];

    private static TaskClient Broken(Exception fault, int goodBatches = 0) => Client(fault, goodBatches).Client;

    private static (TaskClient Client, BatchTransport Transport) Client(Exception? fault = null, int goodBatches = 0)
    {
        var transport = new BatchTransport(Transports.Create(HostingApp.NewBroker(), new TransportContext()), fault, goodBatches);
        return (new TaskClient(transport, ResultStores.Create(new CeleriacOptions { ResultBackend = "disabled://" }, transport, new TransportContext()), new CeleriacOptions()), transport);
    }
}
