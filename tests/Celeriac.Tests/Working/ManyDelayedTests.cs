using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Tests.Protocol;

namespace Celeriac.Tests.Working;

/// <summary>They measure the memory of the process, so they run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MemoryCollection
{
    public const string Name = "memory of the process";
}

[Collection(MemoryCollection.Name)]
public sealed class ManyDelayedTests : IAsyncLifetime
{
    private const int Many = 20_000;
    private readonly SqliteTaskConformance.Place _place = new();

    public ValueTask InitializeAsync() => _place.StartAsync();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    /// <summary>In a worker's memory they would be some 30 MB.</summary>
    [Fact(Timeout = 120_000)]
    public async Task Tasks_of_tomorrow_that_Python_has_sent_do_not_grow_the_worker()
    {
        await _place.StartWorkerAsync();
        var (transport, eta) = (_place.Transport, TimeProvider.System.GetUtcNow().AddDays(1));
        await transport.DeclareAsync(Topology.Queue(_place.Queue));
        await PublishAsync(1000);
        await DelayedAsync(1000);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await PublishAsync(Many);
        await DelayedAsync(1000 + Many);

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 4 << 20);

        async Task PublishAsync(int count)
        {
            for (var sent = 0; sent < count; sent += 1000)
            {
                await transport.PublishAsync(Enumerable.Range(0, 1000).Select(_ => Publication.ToQueue(_place.Queue, TestMessages.With(
                    TestMessages.GoodBody, ("task", ConformanceTasks.AddTask.Definition.Name), ("id", Guid.NewGuid().ToString()), ("eta", eta.ToString("O"))))).ToArray());
            }
        }

        async Task DelayedAsync(long expected)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while (await transport.CountAsync(_place.Queue) is not { Ready: 0, Unacknowledged: 0 } counts || counts.Delayed != expected)
            {
                await timer.WaitForNextTickAsync();
            }
        }
    }
}
