using Celeriac.Conformance;
using Celeriac.Messaging;

namespace Celeriac.Tests.Canvas;

/// <summary>What becomes of stamps while a workflow runs.</summary>
public sealed class StampedRunTests : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly MemoryTaskConformance.Place _place = new();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public async Task The_body_of_a_chord_and_what_follows_it_run_with_their_stamps()
    {
        await _place.StartWorkerAsync();
        var chord = Group.Of(ConformanceTasks.AddTask.S(1, 2), ConformanceTasks.AddTask.S(3, 4)) | new Signature("conformance.total").AsPartial<int[], int>() | WorkflowTasks.PlaceTask.Partial();
        var sent = await _place.Client.SendAsync(chord.Stamp("batch", "b7"));
        Assert.Equal("b7", (await sent.GetAsync(s_patience))[3]);
    }

    [Fact]
    public async Task What_replaces_a_task_has_its_stamps()
    {
        await using var stage = new Filters.Stage(
        [
            Filters.Stage.Define("replaced", async invocation => TaskJson.Encode(await invocation.Context.ReplaceAsync(new Signature<string>("stamped")))),
            Filters.Stage.Define("stamped", invocation => ValueTask.FromResult(TaskJson.Encode(invocation.Context.Stamps.TextOf("batch")))),
            Filters.Stage.Define("sends", async invocation =>
            {
                var (with, without) = (await TaskClient.Current.SendAsync(new Signature<string>("stamped").Stamp(invocation.Context.Stamps)), await TaskClient.Current.SendAsync(new Signature<string>("stamped")));
                return TaskJson.Encode(new[] { with.Id, without.Id });
            }),
        ]);
        Assert.Equal("b8", await (await stage.Client.SendAsync(new Signature<string>("replaced").Stamp("batch", "b8"))).GetAsync(s_patience));

        // A task that is sent by another has its stamps where it was said, as in Celery.
        var children = await (await stage.Client.SendAsync(new Signature<string[]>("sends").Stamp("batch", "b9"))).GetAsync(s_patience);
        Assert.Equal("b9", await stage.Client.Result<string?>(children[0]).GetAsync(s_patience));
        Assert.Null(await stage.Client.Result<string?>(children[1]).GetAsync(s_patience));
    }

    [Fact]
    public async Task A_whole_workflow_is_revoked_by_the_stamp_that_a_visitor_gave_it()
    {
        var members = Group.Of(ConformanceTasks.AddTask.S(1, 2), ConformanceTasks.AddTask.S(3, 4));
        var sent = await _place.Client.SendAsync((members | new Signature("conformance.total").AsPartial<int[], int>()).Stamp(new Tenant("acme")));
        var other = await _place.Client.SendAsync(ConformanceTasks.AddTask.S(5, 6).Stamp(new Tenant("other")));
        await _place.Client.Control.RevokeByStampedHeadersAsync(new Dictionary<string, IReadOnlyList<string>> { ["tenant"] = ["acme"] }, options: new() { Timeout = TimeSpan.FromMilliseconds(50) });
        await _place.StartWorkerAsync();

        Assert.Equal(11, await other.GetAsync(s_patience));
        Assert.Equal("ChordError", (await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetAsync(s_patience))).RemoteType);
        foreach (var member in sent.Parent!.Group!.Members)
        {
            Assert.Equal(TaskStates.Revoked, (await member.WaitAsync(s_patience)).Status);
        }
    }

    private sealed class Tenant(string name) : StampingVisitor
    {
        public override MessageHeaders? OnSignature(Signature signature, MessageHeaders stamps) => MessageHeaders.Empty.With("tenant", name);
    }
}
