using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.SharedState;

namespace Celeriac.Tests.SharedState;

/// <summary>Places under a concurrency limit, and who loses them.</summary>
public sealed class SlotTableTests
{
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(30);
    private readonly SetTime _time = new();
    private readonly StateUpdates _updates;

    public SlotTableTests() => _updates = new StateUpdates(new MemoryQueueStore(_time).State, _time);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_place_of_a_holder_that_renews_is_its_own()
    {
        Assert.Single((await TakeAsync("living 1")).Taken);
        _time.Now += s_lease * 0.9;
        await SlotTable.RenewAsync(_updates, "living", s_lease, Cancelled);
        _time.Now += s_lease * 0.9;
        var (taken, owners) = await TakeAsync("other 1");
        Assert.Empty(taken);
        Assert.Empty(await SlotTable.FindDeadAsync(_updates, owners, Cancelled));
    }

    [Fact]
    public async Task The_place_of_a_frozen_holder_is_free_after_its_lease_and_its_late_release_frees_nobody_elses()
    {
        Assert.Single((await TakeAsync("frozen 1")).Taken);
        _time.Now += s_lease + TimeSpan.FromSeconds(1);
        var (taken, owners) = await TakeAsync("next 1");
        Assert.Empty(taken);
        var dead = await SlotTable.FindDeadAsync(_updates, owners, Cancelled);
        Assert.Equal(["frozen"], dead);
        Assert.Single((await TakeAsync("next 1", dead: dead)).Taken);

        // It goes on: renews what it does not hold any more, and gives it back.
        await SlotTable.RenewAsync(_updates, "frozen", s_lease, Cancelled);
        Assert.Equal(["next"], (await ChangeAsync(new SlotChange("frozen", 1, s_lease) { Released = ["frozen 1"] })).Owners);
        Assert.Empty((await TakeAsync("third 1")).Taken);
    }

    [Fact]
    public async Task A_place_that_is_asked_for_twice_because_the_answer_was_lost_is_one_place()
    {
        await TakeAsync("twice 1");
        var (taken, owners) = await TakeAsync("twice 1");
        Assert.Equal("twice 1 of twice", $"{Assert.Single(taken)} of {Assert.Single(owners)}");
    }

    private ValueTask<SlotAnswer> TakeAsync(string place, IReadOnlyCollection<string>? dead = null) =>
        ChangeAsync(new SlotChange(place.Split(' ')[0], 1, s_lease) { Wanted = [place], Dead = dead ?? [] });

    private ValueTask<SlotAnswer> ChangeAsync(SlotChange change) => SlotTable.ChangeAsync(_updates, "slots/t", change, Cancelled);

    private sealed class SetTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(50);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
