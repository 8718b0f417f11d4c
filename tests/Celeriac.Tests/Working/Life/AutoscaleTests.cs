using System.Text.Json.Nodes;
using Celeriac.Tests.Control;
using Celeriac.Working;
using Celeriac.Working.Life;

namespace Celeriac.Tests.Working.Life;

public sealed class AutoscaleTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact(Timeout = 180_000)]
    public async Task A_pool_grows_with_the_work_up_to_the_most_and_stats_show_it_as_Celery_does()
    {
        await using var fleet = new Fleet();
        var worker = await fleet.StartAsync(configure: options => options.Autoscale = new(3, 1));
        Assert.Equal((1, 3), (worker.State.Runners!.Size, worker.State.Intake.Prefetch));
        var ids = await SendAsync(fleet, 5);
        await Fleet.UntilAsync(() => worker.Running == 3);
        var stats = (await fleet.AskAsync("stats")).Value;
        Assert.Equal("""{"max":3,"min":1,"current":3,"qty":3}""", stats.GetProperty("autoscaler").GetRawText());
        Assert.Equal(3, stats.GetProperty("pool").GetProperty("max-concurrency").GetInt32());
        ids.ForEach(Held.Release);
        await Fleet.UntilAsync(() => worker.Counters.Succeeded == 5);
    }

    [Fact(Timeout = 180_000)]
    public async Task The_command_changes_the_bounds_and_the_prefetch_with_them()
    {
        await using var fleet = new Fleet();
        var worker = await fleet.StartAsync(configure: options => options.Autoscale = new(3, 1));
        Assert.Equal("ok: autoscale now max=5 min=2", await AnswerAsync(fleet, "autoscale", new JsonObject { ["max"] = 5, ["min"] = 2 }));
        Assert.Equal((2, 5), (worker.State.Runners!.Size, worker.State.Intake.Prefetch));
        Assert.Equal("ok: autoscale now max=1 min=0", await AnswerAsync(fleet, "autoscale", new JsonObject { ["max"] = 1, ["min"] = 0 }));
        Assert.Equal((1, 1), (worker.State.Runners!.Size, worker.State.Intake.Prefetch));
        Assert.Equal("error: ValueError('max is 1 and min is 2, but max must be 1–100000 and min 0–max')", await AnswerAsync(fleet, "autoscale", new JsonObject { ["min"] = 2 }));
        Assert.Equal("error: ValueError('max is 1 and min is -3, but max must be 1–100000 and min 0–max')", await AnswerAsync(fleet, "autoscale", new JsonObject { ["min"] = -3 }));
        Assert.Equal("error: pool_grow is not supported with autoscale. Adjust autoscale range instead.", await AnswerAsync(fleet, "pool_grow", new JsonObject { ["n"] = 1 }));
    }

    [Fact]
    public async Task An_idle_pool_shrinks_after_half_a_minute_and_not_before()
    {
        var time = new Steps();
        await using var client = TaskClient.Open($"memory://{Guid.NewGuid():N}");
        var options = new WorkerOptions { Autoscale = new(8, 2) };
        var state = new Worker(client, new TaskRegistry([]), options, new CeleriacOptions(), time: time).State;
        using var dispatch = new Dispatch(state.Tasks, limits: null, time);
        state.Runners = new RunnerPool(dispatch, _ => ValueTask.CompletedTask);
        state.Runners.Grow(6);
        var autoscaler = new Autoscaler(state, options, new(8, 2), "w1@test", time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        time.Seconds = 29;
        autoscaler.Look();
        Assert.Equal(6, state.Runners.Size);
        time.Seconds = 30;
        autoscaler.Look();
        Assert.Equal(2, state.Runners.Size);
        await dispatch.CloseAsync();
        await state.Runners.Finished();
    }

    [Theory]
    [InlineData("10,3", 10, 3)]
    [InlineData("10", 10, 0)]
    [InlineData(" 4 , 4 ", 4, 4)]
    public void Bounds_are_written_as_in_Celery(string text, int maximum, int minimum) => Assert.Equal(new AutoscaleBounds(maximum, minimum), AutoscaleBounds.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("ten")]
    [InlineData("3,-1")]
    [InlineData("1,2,3")]
    [InlineData("9999999999")]
    public void What_are_no_bounds_is_refused(string text) => Assert.Null(AutoscaleBounds.Parse(text));

    private static async Task<string> AnswerAsync(Fleet fleet, string command, JsonObject arguments) =>
        (await fleet.AskAsync(command, arguments)).Value.EnumerateObject().Select(property => $"{property.Name}: {property.Value.GetString()}").Single();

    private static async Task<List<string>> SendAsync(Fleet fleet, int number)
    {
        var ids = new List<string>();
        for (var count = 0; count < number; count++)
        {
            ids.Add((await fleet.Client.SendAsync(Held.Signature, Cancelled)).Id);
        }
        return ids;
    }

    private sealed class Steps : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
