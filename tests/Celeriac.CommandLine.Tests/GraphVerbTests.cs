namespace Celeriac.CommandLine.Tests;

public sealed class GraphVerbTests
{
    [Fact]
    public async Task A_workflow_is_shown_as_a_tree_from_any_of_its_tasks_or_as_DOT()
    {
        await using var place = new Workplace();
        place.Work();
        var add = new Signature(CommandLineRun.Add.Name).WithArgs(1).AsPartial<int, int>();
        var sent = await place.Client.SendAsync(new Signature(CommandLineRun.Add.Name).WithArgs(1, 2).As<int>() | add | add, TestContext.Current.CancellationToken);
        await sent.GetAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var (first, second) = (sent.Parent!.Parent!.Id, sent.Parent.Id);

        var whole = await place.RunAsync("graph", first);
        Assert.Equal($"chain\n├─ {first} SUCCESS\n├─ {second} SUCCESS\n└─ {sent.Id} SUCCESS", whole.Output.Trim());
        Assert.Equal(whole.Output, (await place.RunAsync("graph", sent.Id, "--whole")).Output);
        Assert.Equal($"{sent.Id} SUCCESS", (await place.RunAsync("graph", sent.Id)).Output.Trim());
        var dot = (await place.RunAsync("graph", second, "--dot")).Output;
        Assert.StartsWith("digraph workflow {", dot, StringComparison.Ordinal);
        Assert.Contains("n0 -> n1;", dot, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_saved_group_is_shown_and_what_is_not_known_is_said_so()
    {
        await using var place = new Workplace();
        var sent = await place.Client.SendAsync(Group.Of(Enumerable.Repeat(new Signature<int>("no.worker"), 30)), TestContext.Current.CancellationToken);
        var unknown = await place.RunAsync("graph", sent.Id);
        Assert.Equal(1, unknown.Code);
        Assert.Contains($"Nothing is known of '{sent.Id}'", unknown.Error, StringComparison.Ordinal);
        await sent.SaveAsync(TestContext.Current.CancellationToken);

        var shown = await place.RunAsync("graph", sent.Id, "--members", "4");
        Assert.Equal($"group {sent.Id} of 30\n├─ {sent.Members[0].Id} PENDING\n├─ {sent.Members[1].Id} PENDING\n├─ … 27 more\n└─ {sent.Members[29].Id} PENDING", shown.Output.Trim());
        Assert.Equal(2, (await place.RunAsync("graph", sent.Id, "--members", "2")).Code);
    }
}
