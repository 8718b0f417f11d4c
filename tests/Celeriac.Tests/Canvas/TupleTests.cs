using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Celeriac.Conformance;
using Celeriac.Serialization;

namespace Celeriac.Tests.Canvas;

/// <summary>Groups whose members return different types.</summary>
public sealed class TupleTests : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly MemoryTaskConformance.Place _place = new();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public async Task The_result_is_a_tuple_and_on_the_wire_a_list()
    {
        await _place.StartWorkerAsync();
        Signature<(int, string)> group = Group.Of(ConformanceTasks.AddTask.S(1, 2), WorkflowTasks.TextTask.S(4));
        var sent = await _place.Client.SendAsync(group);
        Assert.Equal((3, "<4>"), await sent.GetAsync(s_patience));
        Assert.Equal("""[3,"\u003C4\u003E"]""", Encoding.UTF8.GetString((await sent.GetJsonAsync(s_patience)).Span));
        Assert.Equal(2, sent.Group!.Members.Count);
    }

    [Fact]
    public async Task It_may_be_the_header_of_a_chord_whose_body_takes_the_tuple()
    {
        await _place.StartWorkerAsync();
        Signature<string> chord = Group.Of(ConformanceTasks.AddTask.S(1, 2), WorkflowTasks.TextTask.S(4)) | WorkflowTasks.DescribeTask.Partial("!");
        Assert.Equal("3-<4>!", await GetAsync(chord));
        Assert.Equal("14-<4>?", await GetAsync(ConformanceTasks.AddTask.S(2, 2) | Group.Of(ConformanceTasks.AddTask.Partial(10), WorkflowTasks.TextTask.Partial()) | WorkflowTasks.DescribeTask.Partial("?")));
    }

    [Fact]
    public async Task A_member_that_is_a_group_stays_one_value_of_the_tuple()
    {
        await _place.StartWorkerAsync();
        var mixed = Group.Of(Group.Of(ConformanceTasks.AddTask.S(1, 2), ConformanceTasks.AddTask.S(3, 4)), WorkflowTasks.TextTask.S(5), Group.Of(WorkflowTasks.PairTask.S(6), WorkflowTasks.TextTask.S(7)), ConformanceTasks.AddTask.Chunks([(1, 1), (2, 2)], 1));
        Check(await GetAsync(mixed));
        Check(await GetAsync(mixed | Accumulate.Of<(int[], string, ((int, string?), string), int[][])>()));

        static void Check((int[] Numbers, string Text, ((int, string?), string) Inner, int[][] Chunks) result)
        {
            Assert.Equal([3, 7], result.Numbers);
            Assert.Equal(("<5>", ((6, null), "<7>")), (result.Text, result.Inner));
            Assert.Equal([[2], [4]], result.Chunks);
        }
    }

    [Fact]
    public void Members_of_one_type_are_a_plain_group_as_before()
    {
        Group<int> two = Group.Of(ConformanceTasks.AddTask.S(1, 2), ConformanceTasks.AddTask.S(3, 4));
        Group<int> flat = Group.Of(two, two);
        Partial<int, int[]> open = Group.Of(ConformanceTasks.AddTask.Partial(), ConformanceTasks.AddTask.Partial());
        Signature untyped = Group.Of(new Signature("a"), ConformanceTasks.AddTask.S(3, 4));
        Assert.Equal([2, 4, 2, 2], new[] { two, flat, open.Untyped, untyped }.Select(group => ((CanvasNode.Group)group.Canvas!).Tasks.Count));
    }

    [Fact]
    public void Up_to_seven_types_are_written_and_read()
    {
        Assert.Equal("[1,\"a\",true]", Encoding.UTF8.GetString(TaskJson.Encode((1, "a", true)).Span));
        Assert.Equal((1, 2L, "c", 4.5, true, 'f', Guid.Empty), TaskJson.Decode<(int, long, string, double, bool, char, Guid)>("""[1, 2, "c", 4.5, true, "f", "00000000-0000-0000-0000-000000000000"]"""u8));
        Assert.Equal((1, (2, (3, 4, 5, 6)), (7, 8, 9, 10, 11), (12, 13, 14, 15, 16, 17)), TaskJson.Decode<(int, (int, (int, int, int, int)), (int, int, int, int, int), (int, int, int, int, int, int))>("[1,[2,[3,4,5,6]],[7,8,9,10,11],[12,13,14,15,16,17]]"u8));
    }

    [Fact]
    public void Those_that_a_group_names_need_no_reflection()
    {
        Group.Of(new Signature("a").As<int>(), new Signature("b").As<List<string>>());
        var options = new JsonSerializerOptions { TypeInfoResolver = JsonTypeInfoResolver.Combine(BuiltInJsonContext.Default, NamedTuples.Resolver) };
        var (number, texts) = JsonSerializer.Deserialize("""[1,["a"]]""", (JsonTypeInfo<(int, List<string>)>)options.GetTypeInfo(typeof((int, List<string>))));
        Assert.Equal((1, "a"), (number, Assert.Single(texts)));
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("[1,2,3]")]
    [InlineData("{}")]
    [InlineData("null")]
    public void A_list_of_another_length_does_not_fit(string json) => Assert.Throws<JsonException>(() => TaskJson.Decode<(int, int)>(Encoding.UTF8.GetBytes(json)));

    private async Task<T> GetAsync<T>(Signature<T> signature) => await (await _place.Client.SendAsync(signature)).GetAsync(s_patience);
}
