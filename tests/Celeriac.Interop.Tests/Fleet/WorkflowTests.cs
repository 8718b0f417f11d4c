namespace Celeriac.Interop.Tests.Fleet;

/// <summary>C# tasks inside workflows that Python builds. What is not followed yet is at least said aloud.</summary>
public sealed class WorkflowTests(ControlPlace fleet, PythonClient python) : IClassFixture<ControlPlace>, IClassFixture<PythonClient>, IAsyncLifetime
{
    private const int Limit = 90_000;

    public ValueTask InitializeAsync()
    {
        python.BrokerUrl = fleet.Url;
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact(Timeout = Limit)]
    public async Task A_CSharp_task_may_be_the_last_of_a_Python_chain_and_its_client_gets_the_result() =>
        Assert.Equal(13, (await python.RunAsync("return chain(interop_app.add.s(1, 2), app.signature('cs.add', args=(10,))).apply_async().get(timeout=PATIENCE)")).GetInt32());

    [Fact(Timeout = Limit)]
    public async Task A_group_may_hold_tasks_of_both_sides() =>
        Assert.Equal("[3,7]", (await python.RunAsync("return group(app.signature('cs.add', args=(1, 2)), interop_app.add.s(3, 4)).apply_async().get(timeout=PATIENCE)")).GetRawText().Replace(" ", "", StringComparison.Ordinal));

    [Theory(Timeout = Limit)]
    [InlineData("chain(app.signature('cs.add', args=(1, 2)), interop_app.add.s(10)).apply_async().parent")]
    [InlineData("send('cs.add', 1, 2, link=interop_app.add.s(10))")]
    public async Task What_should_come_after_a_CSharp_task_is_not_lost_silently(string call)
    {
        var outcome = await python.RunAsync($"return outcome({call})");
        Assert.Equal(3, outcome.GetProperty("value").GetInt32());
        Assert.Contains(fleet.CSharpWorker.Log, line => line.Contains(outcome.TextOf("id"), StringComparison.Ordinal) && line.Contains("is a part of a workflow", StringComparison.Ordinal));
    }
}
