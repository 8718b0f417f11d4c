using System.Text.Json;
using Celeriac.Conformance;

namespace Celeriac.Tests.Results;

/// <summary>Groups that outlive who sent them, and results as Celery's tuples.</summary>
public sealed class SavedGroupTests : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly MemoryTaskConformance.Place _place = new();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public async Task A_saved_group_is_joined_by_another_client_and_deleted_when_it_is_not_needed_any_more()
    {
        var sent = await _place.Client.SendAsync(Group.Of(ConformanceTasks.AddTask.S(1, 2), ConformanceTasks.AddTask.S(3, 4) | WorkflowTasks.TimesTask.Partial(10)));
        await sent.SaveAsync();
        await using var other = TaskClient.Open(_place.BrokerUrl);
        var restored = await other.RestoreGroupAsync<int>(sent.Id);
        await _place.StartWorkerAsync();

        var results = await restored!.GetAsync(s_patience);
        Assert.Equal([3, 70], results);
        Assert.Equal((2, sent.Members[1].Parent!.Id), (await restored.CompletedAsync(), restored.Members[1].Parent!.Id));
        await restored.DeleteAsync();
        Assert.Null(await _place.Client.RestoreGroupAsync(sent.Id));
    }

    [Fact]
    public async Task A_chain_that_ends_in_a_group_keeps_what_came_before_written_once()
    {
        var sent = await _place.Client.SendAsync(ConformanceTasks.AddTask.S(1, 2) | Group.Of(Enumerable.Range(0, 100).Select(number => WorkflowTasks.TimesTask.Partial(number))));
        await sent.Group!.SaveAsync();
        var restored = await _place.Client.RestoreGroupAsync(sent.Group.Id);

        Assert.Equal(sent.Group.Members.Select(member => member.Id), restored!.Members.Select(member => member.Id));
        Assert.Equal(sent.Group.Parent!.Id, restored.Parent!.Id);
        Assert.All(restored.Members, member => Assert.Same(restored.Parent, member.Parent));
        Assert.InRange(sent.AsTuple().Length, 4_000, 6_000);
    }

    [Fact]
    public async Task A_result_is_kept_as_a_tuple_and_made_of_one()
    {
        var sent = await _place.Client.SendAsync(ConformanceTasks.AddTask.S(1, 2) | WorkflowTasks.TimesTask.Partial(5));
        Assert.Equal($"""[["{sent.Id}",[["{sent.Parent!.Id}",null],null]],null]""", sent.AsTuple());
        var again = _place.Client.ResultFromTuple(sent.AsTuple());
        await _place.StartWorkerAsync();

        Assert.Equal("15", System.Text.Encoding.UTF8.GetString((await again.GetJsonAsync(s_patience)).Span));
        Assert.Equal(sent.AsTuple(), again.AsTuple());
        Assert.Equal([again.Id], (await again.Parent!.ChildrenAsync()).Select(child => child.Id));
    }

    [Fact]
    public async Task A_chain_of_a_thousand_is_cut_to_what_Python_can_read()
    {
        var sent = await _place.Client.SendAsync(Enumerable.Range(0, 999).Aggregate<int, Signature>(ConformanceTasks.AddTask.S(1), (before, _) => before | new Signature("conformance.add")));
        Assert.InRange(_place.Client.ResultFromTuple(sent.AsTuple()).AsTuple().Length, 100, 20_000);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("[]")]
    [InlineData("[[null,null],null]")]
    [InlineData("""[["a",null],[5]]""")]
    public void What_is_no_tuple_is_refused_in_words(string json) =>
        Assert.Contains("is no result of Celery's", Assert.Throws<JsonException>(() => _place.Client.ResultFromTuple(json)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_group_says_that_its_members_are_its_children()
    {
        var sent = await _place.Client.SendAsync(Group.Of(ConformanceTasks.AddTask.S(1, 2), ConformanceTasks.AddTask.S(3, 4)));
        Assert.Equal(sent.Members, await sent.ChildrenAsync());
    }

    [Theory]
    [InlineData("rpc://")]
    [InlineData("disabled://")]
    public async Task Where_results_are_not_kept_saving_is_refused_with_what_to_configure(string backend)
    {
        await using var client = TaskClient.Open(new CeleriacOptions { BrokerUrl = _place.BrokerUrl, ResultBackend = backend });
        var sent = await client.SendAsync(Group.Of(ConformanceTasks.AddTask.S(1, 2)));
        Assert.Contains("Set result_backend to a store", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await sent.SaveAsync())).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await client.RestoreGroupAsync("g"));
    }
}
