using Celeriac.Events;

namespace Celeriac.Tests.Events;

public sealed class EventQueueTests
{
    [Fact]
    public void Events_of_tasks_travel_together_and_others_alone_in_their_order()
    {
        var queue = new EventQueue(100, 10_000);
        foreach (var key in new[] { null, null, "worker.online", null, null, null })
        {
            queue.Add(new QueuedEvent([1], key, false));
        }
        Assert.Equal([2, 1, 2, 1], new[] { Take(queue, 2), Take(queue, 2), Take(queue, 2), Take(queue, 2) });
        Assert.True(queue.IsEmpty);
    }

    [Fact]
    public void The_oldest_goes_first_when_there_are_too_many()
    {
        var queue = new EventQueue(3, 10_000);
        for (byte number = 0; number < 10; number++)
        {
            queue.Add(new QueuedEvent([number], null, false));
        }
        var left = new List<QueuedEvent>();
        queue.TakeInto(left, 24);
        Assert.Equal([7, 8, 9], left.Select(queued => (int)queued.Body[0]));
        Assert.Equal(7, queue.Dropped);
    }

    [Fact]
    public void The_bytes_are_bounded_too_and_the_newest_always_stays()
    {
        var queue = new EventQueue(100, 10);
        queue.Add(new QueuedEvent(new byte[6], null, false));
        queue.Add(new QueuedEvent(new byte[6], null, false));
        Assert.Equal(1, queue.Dropped);
        queue.Add(new QueuedEvent(new byte[60], null, false));
        Assert.Equal(1, Take(queue, 24));
    }

    [Fact]
    public void One_heartbeat_that_waits_is_enough()
    {
        var queue = new EventQueue(100, 10_000);
        queue.Add(new QueuedEvent([1], "worker.heartbeat", true));
        queue.Add(new QueuedEvent([2], "worker.heartbeat", true));
        Assert.Equal(1, Take(queue, 24));
        Assert.True(queue.IsEmpty);
        queue.Add(new QueuedEvent([3], "worker.heartbeat", true));
        Assert.False(queue.IsEmpty);
    }

    private static int Take(EventQueue queue, int most)
    {
        var batch = new List<QueuedEvent>();
        queue.TakeInto(batch, most);
        return batch.Count;
    }
}
