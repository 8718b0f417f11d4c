using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Postgres.Writing;

namespace Celeriac.Postgres.Tests;

/// <summary>What a take in doubt must not give back, and what it must.</summary>
public sealed class ClaimLedgerTests
{
    private const long Holder = 3;
    private readonly ClaimLedger _ledger = new();

    public ClaimLedgerTests() => Take(1, 2);

    [Fact]
    public void Nothing_is_said_of_a_holder_without_doubt() => Assert.Null(_ledger.KnownIfDoubtful(Holder));

    [Fact]
    public void What_was_taken_is_known() => Assert.Equal([1, 2], KnownInDoubt());

    [Fact]
    public void What_is_being_completed_is_known_until_it_has_ended()
    {
        var unit = UnitOf(1, ClaimEnd.Remove);
        _ledger.Returning([unit]);
        Assert.Equal([1, 2], KnownInDoubt());
        _ledger.Ended([unit]);
        Assert.Equal([2], KnownInDoubt());
    }

    [Fact]
    public void What_is_on_its_way_back_may_have_been_taken_anew_by_the_take_in_doubt()
    {
        _ledger.Returning([UnitOf(1, ClaimEnd.Return)]);
        Assert.Equal([2], KnownInDoubt());
    }

    [Fact]
    public void An_answered_take_ends_the_doubt()
    {
        KnownInDoubt();
        Take(5);
        Assert.Null(_ledger.KnownIfDoubtful(Holder));
    }

    [Fact]
    public void Takes_and_commits_write_at_once()
    {
        Parallel.For(0, 8, part =>
        {
            for (var tag = (part * 10_000) + 10; tag < (part * 10_000) + 5_000; tag++)
            {
                Take(tag);
                _ledger.Ended([UnitOf(tag, ClaimEnd.Remove)]);
            }
        });
        Assert.Equal([1, 2], KnownInDoubt());
    }

    private void Take(params long[] tags) =>
        _ledger.Add(new TakeRequest(Holder, [7], 10, 0), new TakeAnswer([.. tags.Select(tag => new TakenMessage(new DeliveryClaim(tag, 1, Holder), 7, new Message { Body = default }, "", "q"))], 0));

    private static StoreUnit UnitOf(long tag, ClaimEnd end) => new() { Claim = new DeliveryClaim(tag, 1, Holder), End = end };

    private IEnumerable<long> KnownInDoubt()
    {
        _ledger.Doubt([Holder]);
        return _ledger.KnownIfDoubtful(Holder)!.Order();
    }
}
