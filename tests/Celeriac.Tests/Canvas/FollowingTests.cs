using System.Text;
using Celeriac.Conformance;

namespace Celeriac.Tests.Canvas;

/// <summary>What a worker does with the rest of a workflow that it cannot go on with.</summary>
public sealed class FollowingTests : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly MemoryTaskConformance.Place _place = new();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Theory]
    [InlineData("""[{"task":"conformance.add","options":{"task_id":"next"}},{"task":5}]""")]
    [InlineData("""[{"task":"conformance.add","args":[1],"options":{"task_id":"next","serializer":"pickle"}}]""")]
    [InlineData("""[{"task":"conformance.add","args":{},"options":{"task_id":"x"}}]""")]
    public async Task A_next_task_that_cannot_be_sent_fails_the_task_in_words(string chain)
    {
        await _place.StartWorkerAsync();
        var sent = await _place.Client.SendAsync(ConformanceTasks.AddTask.S(1, 2) with { ChainBytes = Encoding.UTF8.GetBytes(chain) });
        var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetAsync(s_patience));
        Assert.Equal("WorkflowError", error.RemoteType);
        Assert.StartsWith("Task 'conformance.add' has succeeded, but what comes after it cannot be sent: ", error.RemoteMessage, StringComparison.Ordinal);
        if (chain.Contains("\"next\"", StringComparison.Ordinal))
        {
            Assert.Equal("WorkflowError", (await Assert.ThrowsAsync<RemoteTaskException>(async () => await _place.Client.Result<int>("next").GetAsync(s_patience))).RemoteType);
        }
    }

    [Fact]
    public async Task A_broken_errback_does_not_hide_the_failure_nor_the_news_for_the_rest_of_the_chain()
    {
        await _place.StartWorkerAsync();
        var fails = ConformanceTasks.FailTask.S("no") with { LinkErrors = [new Signature("a") { Args = "[]"u8.ToArray(), Options = new() { Serializer = "pickle" } }] };
        var sent = await _place.Client.SendAsync((fails | ConformanceTasks.AddTask.S(1)).As<int>());
        Assert.Equal("no", (await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetAsync(s_patience))).RemoteMessage);
    }

    [Fact]
    public async Task A_callback_that_is_a_chain_or_a_group_is_run_whole()
    {
        await _place.StartWorkerAsync();
        var gate = $"{Guid.NewGuid():N}";
        var chain = new Signature("conformance.add").WithArgs(10) | new Signature("conformance.note").WithArgs("c", gate).AsImmutable();
        var group = Group.Of(new Signature("conformance.note").WithArgs(gate), new Signature("conformance.note").WithArgs("b", gate).AsImmutable());
        await _place.Client.SendAsync(WorkflowTasks.NoteTask.S("a", $"{gate}-unused").Link(group).Link(new Signature("conformance.note").WithArgs(gate)));
        await _place.Client.SendAsync(new Signature("conformance.add").WithArgs(1, 2).Link(chain));
        using var patience = new CancellationTokenSource(s_patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (ConformanceTasks.GateOf(gate).Notes.Count() < 4)
        {
            await pause.WaitForNextTickAsync(patience.Token);
        }
        Assert.Equal(["a", "a", "b", "c"], ConformanceTasks.GateOf(gate).Notes.Order(StringComparer.Ordinal));
    }
}
