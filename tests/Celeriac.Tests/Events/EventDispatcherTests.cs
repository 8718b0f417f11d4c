using System.Diagnostics;
using Celeriac.Events;
using Celeriac.Messaging;
using Celeriac.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac.Tests.Events;

public sealed class EventDispatcherTests
{
    private readonly LogicalClock _clock = new();

    [Fact(Timeout = 120_000)]
    public async Task A_broker_that_is_away_costs_the_sender_nothing_and_the_oldest_events_go()
    {
        await using var away = new AwayTransport();
        var dispatcher = DispatcherOn(away);
        dispatcher.Send("task-started", 0, static (_, _) => { });
        await away.Asked;
        var watch = Stopwatch.StartNew();
        for (var number = 0; number < 20_000; number++)
        {
            dispatcher.Send("task-started", number, static (writer, value) => writer.WriteNumber("number"u8, value));
        }
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), "Sending waited for the broker.");
        Assert.True(dispatcher.Dropped >= 9_000);
        await dispatcher.DisposeAsync();
        Assert.Equal(20_001, _clock.Now);
    }

    [Fact(Timeout = 120_000)]
    public async Task What_gathers_travels_in_messages_of_at_most_24_and_arrives_before_the_end()
    {
        await using var transport = Transports.Create($"memory://{Guid.NewGuid():N}");
        await using var receiver = new EventReceiver(transport);
        await receiver.StartAsync(TestContext.Current.CancellationToken);
        var dispatcher = DispatcherOn(transport);
        for (var number = 0; number < 100; number++)
        {
            dispatcher.Send("task-started", number, static (writer, value) => writer.WriteNumber("number"u8, value));
        }
        await dispatcher.DisposeAsync();
        dispatcher.Send("task-started", -1, static (writer, value) => writer.WriteNumber("number"u8, value));
        var numbers = new List<double?>();
        await foreach (var happened in receiver)
        {
            numbers.Add(happened.Number("number"));
            if (numbers.Count == 100)
            {
                break;
            }
        }
        Assert.Equal(Enumerable.Range(0, 100).Select(number => (double?)number), numbers);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_field_that_cannot_be_written_costs_only_its_event()
    {
        await using var transport = Transports.Create($"memory://{Guid.NewGuid():N}");
        await using var receiver = new EventReceiver(transport);
        await receiver.StartAsync(TestContext.Current.CancellationToken);
        await using var dispatcher = DispatcherOn(transport);
        dispatcher.Send("task-started", 0, static (_, _) => throw new InvalidOperationException("broken"));
        dispatcher.Send("task-failed", "lone \ud800 surrogate", static (writer, text) => writer.WriteString("text"u8, text));
        await foreach (var happened in receiver)
        {
            Assert.Equal(("task-failed", "lone \uFFFD surrogate"), (happened.Type, happened.Text("text")));
            break;
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task A_receiver_that_is_closed_ends_who_reads_it()
    {
        await using var transport = Transports.Create($"memory://{Guid.NewGuid():N}");
        var receiver = new EventReceiver(transport, "order.#");
        await receiver.StartAsync(TestContext.Current.CancellationToken);
        await using var reading = receiver.GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var next = reading.MoveNextAsync();
        await receiver.DisposeAsync();
        await receiver.DisposeAsync();
        Assert.False(await next);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => receiver.StartAsync().AsTask());
    }

    private EventDispatcher DispatcherOn(ITransport transport) => new(transport, "celeryev", "w1@test", _clock, TimeProvider.System, NullLogger.Instance, gathersTaskEvents: true);
}
