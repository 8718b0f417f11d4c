namespace Celeriac.CommandLine.Tests;

public sealed class ChordsVerbTests
{
    [Fact]
    public async Task A_chord_under_way_is_shown_with_what_it_waits_for()
    {
        await using var place = new Workplace();
        Assert.Equal("No chord is under way.", (await place.RunAsync("chords")).Output.Trim());
        var member = new Signature("no.worker").Set(options => options with { TaskId = "first" });
        var sent = await place.Client.SendAsync(Group.Of(Enumerable.Repeat(new Signature("no.worker"), 24).Prepend(member)) | new Signature("the.body"), TestContext.Current.CancellationToken);
        var run = await place.RunAsync("chords");
        Assert.Contains($"chord {sent.Parent!.Id}: 0 of 25 members have ended, begun ", run.Output, StringComparison.Ordinal);
        Assert.Contains($", then the.body[{sent.Id}]", run.Output, StringComparison.Ordinal);
        Assert.Contains("  waits for no.worker[first] PENDING", run.Output, StringComparison.Ordinal);
        Assert.Contains("  and for 5 more", run.Output, StringComparison.Ordinal);
        Assert.Equal(run.Output, (await place.RunAsync("chords", sent.Id)).Output);
        var other = await place.RunAsync("chords", "other");
        Assert.Equal((1, "No chord 'other' is under way: it has ended, or was never sent, or Python sent it. Give the id of its header or body."), (other.Code, other.Output.Trim()));
    }
}
