using System.Globalization;
using Celeriac.Conformance;

namespace Celeriac.Tests.Canvas;

/// <summary>Long, wide and deep workflows, run whole. Of full width by hand: <c>CELERIAC_CANVAS_MEMBERS=10000</c>.</summary>
public sealed class LargeWorkflowTests : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);
    private static readonly int s_members = int.TryParse(Environment.GetEnvironmentVariable("CELERIAC_CANVAS_MEMBERS"), CultureInfo.InvariantCulture, out var members) ? members : 200;
    private readonly MemoryTaskConformance.Place _place = new();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public async Task A_long_chain_runs_to_its_end()
    {
        await _place.StartWorkerAsync();
        var length = Math.Min(s_members, 1000);
        var chain = Enumerable.Range(1, length - 1).Aggregate(ConformanceTasks.AddTask.S(0, 1), (before, _) => before | ConformanceTasks.AddTask.Partial(1));
        Assert.Equal(length, await (await _place.Client.SendAsync(chain)).GetAsync(s_patience));
    }

    [Fact]
    public async Task A_wide_group_is_joined_in_order()
    {
        await _place.StartWorkerAsync();
        var sent = await _place.Client.SendAsync(Group.Of(Enumerable.Range(0, s_members).Select(number => ConformanceTasks.AddTask.S(number, 0))));
        Assert.Equal(Enumerable.Range(0, s_members), await sent.GetAsync(s_patience));
    }

    [Fact]
    public async Task A_wide_chord_calls_its_body_with_all_results()
    {
        await _place.StartWorkerAsync();
        var sent = await _place.Client.SendAsync(Group.Of(Enumerable.Range(0, s_members).Select(number => ConformanceTasks.AddTask.S(number, 0))) | WorkflowTasks.TotalTask.Partial());
        Assert.Equal((long)s_members * (s_members - 1) / 2, await sent.GetAsync(s_patience));
    }

    [Fact]
    public async Task A_workflow_that_nests_ten_deep_runs_to_its_end()
    {
        await _place.StartWorkerAsync();
        var nested = Enumerable.Range(0, 10).Aggregate(ConformanceTasks.AddTask.S(0, 1), (inner, _) =>
            (Group.Of(inner, ConformanceTasks.AddTask.S(0, 1) | ConformanceTasks.AddTask.Partial(0)) | new Signature("conformance.total").AsPartial<int[], int>() | ConformanceTasks.AddTask.Partial(1)).As<int>());
        Assert.Equal(21, await (await _place.Client.SendAsync(nested)).GetAsync(s_patience));
    }
}
