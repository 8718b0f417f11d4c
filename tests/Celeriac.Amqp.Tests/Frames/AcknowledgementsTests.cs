using Celeriac.Amqp.Links;

namespace Celeriac.Amqp.Tests.Frames;

/// <summary>Which acknowledgements travel together.</summary>
public sealed class AcknowledgementsTests
{
    private readonly Acknowledgements _acknowledgements = new();

    [Fact]
    public void What_is_done_without_a_gap_leaves_as_one_frame()
    {
        Deliver(3);
        Done(2, 1, 3);

        Assert.Equal([(3UL, true)], Take());
    }

    [Fact]
    public void One_frame_never_covers_a_delivery_that_still_runs()
    {
        Deliver(5);
        Done(5, 1, 2, 4);

        Assert.Equal([(2UL, true), (4UL, false), (5UL, false)], Take());
    }

    [Fact]
    public void One_that_runs_long_is_acknowledged_for_itself()
    {
        Deliver(3);
        Done(2, 3);
        Assert.Equal([(2UL, false), (3UL, false)], Take());

        Done(1);

        Assert.Equal([(1UL, false)], Take());
    }

    [Fact]
    public void What_was_rejected_is_in_nobodys_way()
    {
        Deliver(3);
        _acknowledgements.Leave(1);
        Done(2, 3);

        Assert.Equal([(3UL, true)], Take());
    }

    [Fact]
    public void What_has_left_does_not_leave_again()
    {
        Deliver(1);
        Done(1);
        Take();

        Assert.True(_acknowledgements.IsEmpty);
        Assert.Empty(Take());
    }

    private void Deliver(int number)
    {
        for (var tag = 1; tag <= number; tag++)
        {
            _acknowledgements.Delivered((ulong)tag);
        }
    }

    private void Done(params ulong[] tags) => Array.ForEach(tags, _acknowledgements.Done);

    private List<(ulong Tag, bool UpTo)> Take()
    {
        var taken = new List<(ulong, bool)>();
        _acknowledgements.Take(taken, static (list, tag, upTo) => list.Add((tag, upTo)));
        return taken;
    }
}
