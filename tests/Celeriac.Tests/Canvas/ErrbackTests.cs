using System.Text;
using System.Text.Json;
using Celeriac.Conformance;

namespace Celeriac.Tests.Canvas;

/// <summary>Errbacks that ask for more than the id of the task that failed.</summary>
public sealed class ErrbackTests : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly MemoryTaskConformance.Place _place = new();
    private readonly string _name = $"{Guid.NewGuid():N}";
    private int _told;

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public async Task An_errback_that_asks_for_it_gets_the_request_the_exception_and_the_traceback()
    {
        await _place.StartWorkerAsync();
        var sent = await _place.Client.SendAsync(WorkflowTasks.EvenTask.S(3).LinkError(WorkflowTasks.ToldTask.Partial(_name)));
        var failed = await ToldAsync();
        Assert.Equal((sent.Id, "conformance.even", "FAILURE", sent.Id), (failed.Id, failed.Task, failed.State, failed.RootId));
        Assert.Equal(("[3]", "{}"), (Encoding.UTF8.GetString(failed.Args.Span), Encoding.UTF8.GetString(failed.Kwargs.Span)));
        Assert.Equal(("InvalidOperationException", "3 is odd", sent.Id), (failed.Exception!.RemoteType, failed.Exception.RemoteMessage, failed.Exception.TaskId));
        Assert.Contains("Even", failed.Traceback, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_worker_that_failed_does_not_know_the_errback_it_gets_the_id_as_in_Celery()
    {
        await _place.StartWorkerAsync(knows: task => task.Name != WorkflowTasks.ToldTask.Name);
        await _place.StartWorkerAsync(worker => worker.Queues = ["errbacks"]);
        var sent = await _place.Client.SendAsync(WorkflowTasks.EvenTask.S(3).OnError(WorkflowTasks.ToldTask.Partial(_name).Set(options => options with { Queue = "errbacks" })));
        var failed = await ToldAsync();
        Assert.Equal((sent.Id, null, null, null), (failed.Id, failed.Task, failed.Exception, failed.Traceback));
    }

    [Fact]
    public async Task A_failed_member_is_told_to_the_errback_of_the_body_once_as_the_failure_of_the_body()
    {
        await _place.StartWorkerAsync();
        await _place.StartWorkerAsync();
        var chord = Group.Of(WorkflowTasks.EvenTask.S(1), WorkflowTasks.EvenTask.S(2), WorkflowTasks.EvenTask.S(3)) | WorkflowTasks.TotalTask.Partial().LinkError(WorkflowTasks.ToldTask.Partial(_name));
        var sent = await _place.Client.SendAsync(chord);
        var failed = await ToldAsync();
        Assert.Equal((sent.Id, "conformance.total", "ChordError"), (failed.Id, failed.Task, failed.Exception!.RemoteType));
        Assert.EndsWith("raised InvalidOperationException('1 is odd')", failed.Exception.RemoteMessage, StringComparison.Ordinal);
        await (await _place.Client.SendAsync(ConformanceTasks.AddTask.S(1))).GetAsync(s_patience);
        Assert.Single(ConformanceTasks.GateOf(_name).Notes);
    }

    [Fact]
    public async Task A_chain_that_begins_with_it_is_an_errback_too_and_a_complete_one_gets_nothing()
    {
        await _place.StartWorkerAsync();
        await _place.Client.SendAsync(WorkflowTasks.EvenTask.S(3).LinkError(WorkflowTasks.ToldTask.Partial(_name) | WorkflowTasks.ToldTask.S(new FailedTask("own"), _name)));
        Assert.Equal(("conformance.even", "own"), ((await ToldAsync()).Task, (await ToldAsync()).Id));
    }

    [Fact]
    public async Task A_task_that_came_too_late_has_failed_too()
    {
        await _place.StartWorkerAsync();
        await _place.Client.SendAsync(WorkflowTasks.EvenTask.S(2).Set(options => options with { Expires = DateTimeOffset.UnixEpoch }).LinkError(WorkflowTasks.ToldTask.Partial(_name)));
        var failed = await ToldAsync();
        Assert.Equal(("REVOKED", "TaskRevokedError", "REVOKED"), (failed.State, failed.Exception!.RemoteType, failed.Exception.State));
    }

    [Fact]
    public void All_that_is_known_survives_the_way_there_and_back()
    {
        var json = Encoding.UTF8.GetString(TaskJson.Encode(new FailedTask("id") { Task = "t", State = "FAILURE", Args = "[1]"u8.ToArray(), Retries = 2, GroupId = "g" }).Span);
        Assert.Equal("""{"id":"id","task":"t","state":"FAILURE","args":[1],"retries":2,"root_id":null,"parent_id":null,"group":"g"}""", json);
        Assert.Equal(json, Encoding.UTF8.GetString(TaskJson.Encode(TaskJson.Decode<FailedTask>(Encoding.UTF8.GetBytes(json))).Span));
        Assert.Equal("only", TaskJson.Decode<FailedTask>("\"only\""u8).Id);
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("5")]
    [InlineData("{}")]
    [InlineData("""{"id":5}""")]
    public void What_is_no_failed_task_is_refused(string json) =>
        Assert.Contains("text of its id", Assert.Throws<JsonException>(() => TaskJson.Decode<FailedTask>(Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);

    private async Task<FailedTask> ToldAsync()
    {
        using var patience = new CancellationTokenSource(s_patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (ConformanceTasks.GateOf(_name).Notes.Count() <= _told)
        {
            await pause.WaitForNextTickAsync(patience.Token);
        }
        return TaskJson.Decode<FailedTask>(Encoding.UTF8.GetBytes(ConformanceTasks.GateOf(_name).Notes.ElementAt(_told++)));
    }
}
