using System.Text;
using System.Text.Json;
using Celeriac.Conformance;
using Celeriac.Protocol;
using Celeriac.Tests.Protocol;

namespace Celeriac.Tests.Canvas;

/// <summary>Many calls of one task in one run: map, starmap, chunks and accumulate.</summary>
public sealed class MapTests : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly MemoryTaskConformance.Place _place = new();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Theory]
    [InlineData("map", 0)]
    [InlineData("starmap", 0)]
    [InlineData("chunks", 0)]
    [InlineData("chunks", 1)]
    public void They_are_sent_as_Python_sends_them(string title, int index)
    {
        var add = new Signature("proj.add").As<int>();
        var signature = title switch
        {
            "map" => Map.Of(add.AsPartial<int, int>(), [1, 2]),
            "starmap" => StarMap.Of(add, [(1, 2), (3, 4)]),
            _ => ((CanvasNode.Group)Chunks.Of(add, [(1, 2), (3, 4), (5, 6)], 2).Canvas!).Tasks[index],
        };
        var sent = TaskMessageCodec.Encode(signature, new EncodeContext("id", "id", null, "me", null, null, "reply"));
        var golden = GoldenMessages.All.Single(golden => golden.Title == title && golden.Version == "5.2.6" && golden.Index == index).Message;
        Assert.Equal(Compact(golden.Body), Compact(sent.Body));
        Assert.Equal(golden.Headers.TextOf("task"), sent.Headers.TextOf("task"));
    }

    [Fact]
    public void The_dictionary_form_is_that_of_Python() => Assert.Equal(
        """{"task":"celery.starmap","args":[],"kwargs":{"task":{"task":"conformance.add","args":[],"kwargs":{},"options":{},"subtask_type":null,"immutable":false},"it":[[1,2],[3,4]]},"options":{},"subtask_type":"xstarmap","immutable":true}""",
        ConformanceTasks.AddTask.StarMap([(1, 2), (3, 4)]).ToJson());

    [Fact]
    public async Task A_task_is_called_with_each_item_and_the_results_come_in_their_order()
    {
        await _place.StartWorkerAsync();
        Assert.Equal("[3,7]", await TextAsync(ConformanceTasks.AddTask.StarMap([(1, 2), (3, 4)])));
        Assert.Equal("[10,20]", await TextAsync(Map.Of(WorkflowTasks.TimesTask.Partial(10), [1, 2])));
        Assert.Equal("[6,0]", await TextAsync(Map.Of(WorkflowTasks.TotalTask.Partial(), [new int[] { 1, 2, 3 }, Array.Empty<int>()])));
        Assert.Equal("[]", await TextAsync(ConformanceTasks.AddTask.StarMap([])));
        Assert.Equal("[[3,7],[11]]", await TextAsync(ConformanceTasks.AddTask.Chunks([(1, 2), (3, 4), (5, 6)], 2)));
    }

    [Fact]
    public async Task They_stand_in_workflows_like_any_task()
    {
        await _place.StartWorkerAsync();
        Assert.Equal("10", await TextAsync(ConformanceTasks.AddTask.S(100, 1) | ConformanceTasks.AddTask.StarMap([(1, 2), (3, 4)]) | WorkflowTasks.TotalTask.Partial().Taking<int[]>()));
        Assert.Equal("[[3],[7]]", await TextAsync(ConformanceTasks.AddTask.Chunks([(1, 2), (3, 4)], 1) | Accumulate.Of<int[][]>()));
    }

    [Fact]
    public async Task Chunks_that_came_from_Python_are_sent_as_the_group_that_Python_sends()
    {
        await _place.StartWorkerAsync();
        var chunks = Signature.FromJson("""{"task":"celery.chunks","args":[],"kwargs":{"task":{"task":"conformance.add"},"it":[[1,2],[3,4],[5,6]],"n":2},"options":{},"subtask_type":"chunks","immutable":true}""");
        Assert.Equal("[[3,7],[11]]", await TextAsync(chunks.As<int[][]>()));
        Assert.Equal("[[3,7],[11]]", await TextAsync((new Signature("conformance.nothing") | chunks | new Signature("celery.accumulate").WithKwargs("""{"index":0}""")).As<int[][]>()));
        Assert.Equal("[[[3,7],[11]],1]", await TextAsync(Group.Of(new Signature("conformance.nothing") | chunks, new Signature("conformance.add").WithArgs(1, 0)) | new Signature("celery.accumulate").WithKwargs("""{"index":0}""")));
    }

    [Fact]
    public async Task A_worker_that_is_given_chunks_sends_the_group_and_answers_where_its_results_are()
    {
        await _place.StartWorkerAsync();
        var sent = await _place.Client.SendAsync(Builtin("chunks", """{"task":{"task":"conformance.add"},"it":[[1,2],[3,4],[5,6]],"n":2}"""));
        using var tuple = JsonDocument.Parse(await sent.GetJsonAsync(s_patience));
        var members = tuple.RootElement[1].EnumerateArray().Select(member => _place.Client.Result(member[0][0].GetString()!)).ToList();
        Assert.Equal((JsonValueKind.String, JsonValueKind.Null), (tuple.RootElement[0][0].ValueKind, tuple.RootElement[0][1].ValueKind));
        Assert.Equal(["[3,7]", "[11]"], [await TextAsync(members[0]), await TextAsync(members[1])]);
    }

    [Theory]
    [InlineData("{}", "[1,2]")]
    [InlineData("""{"index":1}""", "2")]
    [InlineData("""{"index":-2}""", "1")]
    public async Task Accumulate_answers_its_arguments_or_one_of_them(string kwargs, string expected)
    {
        await _place.StartWorkerAsync();
        var sent = await _place.Client.SendAsync(Builtin("accumulate", kwargs) with { Args = "[1,2]"u8.ToArray() });
        Assert.Equal(expected, await TextAsync(sent));
    }

    [Theory]
    [InlineData("map", """{"task":{"task":"nobody.knows"},"it":[1]}""", "celery.map() is to run task 'nobody.knows', which is not registered on this worker. Send it to a queue whose workers know the task.")]
    [InlineData("map", """{"task":{"task":"conformance.add"},"it":5}""", "celery.map() has it '5', but a list was expected. Give a list with one element for each call.")]
    [InlineData("map", """{"task":7,"it":[]}""", "celery.map() has task '7', but a signature was expected. Give {\"task\": name}, or task.s() in Python.")]
    [InlineData("map", """{"task":{"task":"conformance.add"}}""", "celery.map() missing 1 required positional argument: 'it'")]
    [InlineData("map", """{"task":{"task":"conformance.add"},"it":["x"]}""", "conformance.add() argument 'x' does not fit int: \"x\". Send a value of that type.")]
    [InlineData("starmap", """{"task":{"task":"conformance.add"},"it":[5]}""", "celery.starmap() takes a list of argument lists for 'conformance.add', but one is '5'. Give a list for each call.")]
    [InlineData("chunks", """{"task":{"task":"conformance.add"},"it":[[1,2]],"n":0}""", "celery.chunks() has n '0', but a whole number of at least 1 was expected. Give task, it and n, as Celery's task.chunks(it, n) does.")]
    [InlineData("chunks", """{"task":{"task":"conformance.add"},"it":{},"n":1}""", "celery.chunks() has it '{}', but a list of argument lists was expected. Give task, it and n, as Celery's task.chunks(it, n) does.")]
    [InlineData("accumulate", """{"index":3}""", "celery.accumulate() has 0 arguments, but index is '3'. Give the index of one of them, from 0 on.")]
    public async Task What_cannot_be_called_is_said_in_words(string name, string kwargs, string expected)
    {
        await _place.StartWorkerAsync();
        var sent = await _place.Client.SendAsync(Builtin(name, kwargs));
        var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetJsonAsync(s_patience));
        Assert.StartsWith(expected, error.RemoteMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_asks_for_a_retry_fails_the_whole_with_its_cause_as_in_Celery()
    {
        await _place.StartWorkerAsync();
        var sent = await _place.Client.SendAsync(WorkflowTasks.ThirdTimeTask.Map([1]));
        Assert.Equal("Retry", (await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetAsync(s_patience))).RemoteType);
    }

    [Fact]
    public void What_Celery_would_drop_is_refused()
    {
        var add = ConformanceTasks.AddTask.Partial();
        Assert.Contains("is a workflow", Assert.Throws<ArgumentException>(() => Map.Of(add | add, [1])).Message, StringComparison.Ordinal);
        Assert.Contains("errbacks are not called", Assert.Throws<ArgumentException>(() => Map.Of(add.Link(add), [1])).Message, StringComparison.Ordinal);
        Assert.Contains("has the keyword arguments '{\"y\":1}'", Assert.Throws<ArgumentException>(() => Map.Of(new Signature("a").WithKwargs("""{"y":1}""").AsPartial<int, int>(), [1])).Message, StringComparison.Ordinal);
        Assert.Contains("has '[1,2]' already", Assert.Throws<ArgumentException>(() => StarMap.Of(ConformanceTasks.AddTask.S(1, 2), [(1, 2)])).Message, StringComparison.Ordinal);
        Assert.Contains("chunks of 0", Assert.Throws<ArgumentOutOfRangeException>(() => ConformanceTasks.AddTask.Chunks([(1, 2)], 0)).Message, StringComparison.Ordinal);
    }

    private static Signature Builtin(string name, string kwargs) => new Signature($"celery.{name}").WithKwargs(kwargs);

    private async Task<string> TextAsync(Signature signature) => await TextAsync(await _place.Client.SendAsync(signature));

    private static async Task<string> TextAsync(AsyncResult sent) => Encoding.UTF8.GetString((await sent.GetJsonAsync(s_patience)).Span);

    private static string Compact(ReadOnlyMemory<byte> json) => JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement);
}

internal static class Keywords
{
    public static Signature WithKwargs(this Signature signature, string json) => signature with { Kwargs = Encoding.UTF8.GetBytes(json) };
}
