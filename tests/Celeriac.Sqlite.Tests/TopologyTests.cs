using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using static Celeriac.Sqlite.Tests.StoreWords;

namespace Celeriac.Sqlite.Tests;

public sealed class TopologyTests
{
    [Fact]
    public async Task What_was_declared_is_looked_up_exactly()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var declared = new Topology
        {
            Exchanges = [new ExchangeDeclaration("e", ExchangeType.Topic) { Durable = false }, new ExchangeDeclaration("f", ExchangeType.Fanout)],
            Queues =
            [
                new QueueDeclaration("plain"),
                new QueueDeclaration("full")
                {
                    Durable = false, Expires = TimeSpan.FromTicks(7), MessageTimeToLive = TimeSpan.FromDays(9), MaxPriority = 10,
                    DeadLetterExchange = "", DeadLetterRoutingKey = "dead",
                },
            ],
            Bindings = [new Binding("e", "plain", "a.#"), new Binding("e", "plain", "b.*")],
        };

        Assert.True(await store.ChangeTopologyAsync(0, new TopologyChange { Add = declared }));
        var found = await store.LookupAsync();

        Assert.Equal(1, found.Version);
        Assert.Equal(declared.Exchanges, found.Exchanges);
        Assert.Equal(declared.Queues, found.Queues.Select(queue => queue.Declaration));
        Assert.Equal(declared.Bindings, found.Bindings);
    }

    [Fact]
    public async Task A_change_against_an_old_version_is_refused()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var other = await file.OpenAsync();
        await other.DeclareAsync("first");

        Assert.False(await store.ChangeTopologyAsync(0, new TopologyChange { Add = Topology.Queue("second") }));
        Assert.Equal(["first"], (await store.LookupAsync()).Queues.Select(queue => queue.Declaration.Name));
    }

    [Fact]
    public async Task A_deleted_queue_takes_its_messages_bindings_and_claims_with_it()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync("?synchronous=normal");
        var queue = await store.DeclareAsync();
        var kept = await store.DeclareAsync("kept");
        await store.ChangeTopologyAsync(2, new TopologyChange
        {
            Add = new Topology { Exchanges = [new ExchangeDeclaration("e")], Bindings = [new Binding("e", "q"), new Binding("e", "kept")] },
        });
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync([.. Enumerable.Range(0, 11_000).Select(_ => Put(queue, "m")), Put(queue, "late", due: Now + 1), Put(kept, "m")]);
        var claimed = Assert.Single(await store.TakeAsync(holder, queue, atMost: 1));

        Assert.True(await store.ChangeTopologyAsync(3, new TopologyChange { RemoveQueues = [queue] }));

        Assert.Equal(UnitStatus.Lost, await store.EndAsync(claimed));
        Assert.Equal([new Binding("e", "kept")], (await store.LookupAsync()).Bindings);
        Assert.Equal(1, RawFile.Number(file.Path, "SELECT count(*) FROM messages"));
        Assert.True(await store.DeclareAsync() > kept);
    }

    [Fact]
    public async Task A_queue_that_nobody_uses_expires_and_the_version_moves()
    {
        await using var file = new TestFile();
        var clock = new SetClock(DateTimeOffset.FromUnixTimeMilliseconds(Now));
        var store = await file.OpenAsync(time: clock);
        var queue = await store.DeclareAsync(declaration: new QueueDeclaration("brief") { Expires = TimeSpan.FromSeconds(10) });
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync(Put(queue, "m"));

        store.Sweep(Now + 100_000);
        Assert.Single((await store.LookupAsync()).Queues);
        clock.Now = DateTimeOffset.FromUnixTimeMilliseconds(Now + 100_000);
        await store.ReleaseHolderAsync(holder);
        store.Sweep(Now + 109_999);
        Assert.Single((await store.LookupAsync()).Queues);
        store.Sweep(Now + 110_000);

        var snapshot = await store.LookupAsync();
        Assert.Empty(snapshot.Queues);
        Assert.Equal(2, snapshot.Version);
        Assert.Equal(0, RawFile.Number(file.Path, "SELECT count(*) FROM messages"));
    }
}
