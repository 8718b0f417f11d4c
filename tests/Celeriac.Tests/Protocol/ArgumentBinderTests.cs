using Celeriac.Protocol;
using static Celeriac.Tests.Protocol.TestMessages;

namespace Celeriac.Tests.Protocol;

public sealed class ArgumentBinderTests
{
    private static readonly TaskDefinition s_add = Define("x", "y");
    private static readonly TaskDefinition s_greet = Define("name", "greeting?");
    private static readonly TaskDefinition s_sum = Define("first", "rest*");
    private static readonly TaskDefinition s_order = Define("orderId", "dueAt?");
    private static readonly TaskDefinition s_none = Define();

    public static TheoryData<TaskDefinition, string, string, string> Faults => new()
    {
        { s_add, "[1]", "{\"z\": 3}", "math.add() got an unexpected keyword argument 'z' (parameters: x, y)." },
        { s_add, "[1]", "{}", "math.add() missing 1 required positional argument: 'y'" },
        { s_add, "[]", "{}", "math.add() missing 2 required positional arguments: 'x' and 'y'" },
        { Define("a", "b", "c"), "[]", "{}", "math.add() missing 3 required positional arguments: 'a', 'b', and 'c'" },
        { s_add, "[1, 2, 3]", "{}", "math.add() takes 2 positional arguments but 3 were given" },
        { Define("x"), "[1, 2]", "{}", "math.add() takes 1 positional argument but 2 were given" },
        { s_none, "[1]", "{}", "math.add() takes 0 positional arguments but 1 was given" },
        { s_greet, "[1, 2, 3]", "{}", "math.add() takes from 1 to 2 positional arguments but 3 were given" },
        { s_add, "[1, 2]", "{\"x\": 3}", "math.add() got multiple values for argument 'x'" },
        { s_order, "[1]", "{\"order_id\": 3}", "math.add() got multiple values for argument 'orderId'" },
        { s_sum, "[]", "{}", "math.add() missing 1 required positional argument: 'first'" },
        { s_sum, "[1]", "{\"rest\": [2]}", "math.add() got an unexpected keyword argument 'rest' (parameters: first, rest)." },
        { s_none, "[]", "{\"\\ud800\\n\": 1}", "math.add() got an unexpected keyword argument '\ufffd\ufffd' (parameters: )." },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_mismatch_is_worded_as_Python_words_it(TaskDefinition definition, string args, string kwargs, string expected) =>
        Assert.Equal(expected, Assert.Throws<TaskArgumentException>(() => Bind(definition, args, kwargs)).Message);

    [Theory]
    [InlineData("[1, 2]", "{}")]
    [InlineData("[1]", "{\"y\": 2}")]
    [InlineData("[]", "{\"y\": 2, \"x\": 1}")]
    [InlineData("[]", "{\"\\u0079\": 2, \"x\": 1}")]
    [InlineData("[]", "{\"x\": 7, \"y\": 2, \"x\": 1}")]
    public void Positions_and_names_fill_the_same_parameters(string args, string kwargs)
    {
        var bound = Bind(s_add, args, kwargs);
        Assert.Equal((1, 2), (bound.Get<int>(0), bound.Get<int>(1)));
    }

    [Theory]
    [InlineData("{\"orderId\": 5, \"dueAt\": \"now\"}")]
    [InlineData("{\"order_id\": 5, \"due_at\": \"now\"}")]
    public void Names_match_as_CSharp_and_as_Python_write_them(string kwargs)
    {
        var bound = Bind(s_order, "[]", kwargs);
        Assert.Equal((5, "now"), (bound.Get<int>(0), bound.GetOr(1, "")));
    }

    [Fact]
    public void An_optional_parameter_keeps_its_default_unless_a_value_or_null_is_given()
    {
        Assert.False(Bind(s_greet, "[\"a\"]", "{}").Has(1));
        Assert.Equal("hello", Bind(s_greet, "[\"a\"]", "{}").GetOr(1, "hello"));
        Assert.Equal("hi", Bind(s_greet, "[\"a\"]", "{\"greeting\": \"hi\"}").GetOr(1, "hello"));
        Assert.Null(Bind(s_greet, "[\"a\", null]", "{}").GetOr<string?>(1, "hello"));
    }

    [Theory]
    [InlineData("[1]", new int[0])]
    [InlineData("[1, 2]", new[] { 2 })]
    [InlineData("[1, 2, 3, 4, 5, 6, 7]", new[] { 2, 3, 4, 5, 6, 7 })]
    public void The_rest_takes_the_surplus(string args, int[] rest) => Assert.Equal(rest, Bind(s_sum, args, "{}").GetRest<int>(1));

    [Fact]
    public void A_rest_is_empty_where_the_first_came_by_name() => Assert.Empty(Bind(s_sum, "[]", "{\"first\": 1}").GetRest<int>(1));

    [Fact]
    public void Structured_values_are_bound_whole()
    {
        var bound = Bind(s_add, "[{\"a\": [1, \"]\"]}]", "{\"y\": [[1], {\"b\": 2}]}");
        Assert.Equal("]", bound.Get<Dictionary<string, System.Text.Json.JsonElement>>(0)["a"][1].GetString());
        Assert.Equal(2, bound.Get<System.Text.Json.JsonElement>(1)[1].GetProperty("b").GetInt32());
    }

    [Fact]
    public void Binding_allocates_the_slices_and_nothing_else()
    {
        var request = Read(With("[[1], {\"y\": 2}, null]"));
        ArgumentBinder.Bind(s_add, request);
        var before = GC.GetAllocatedBytesForCurrentThread();
        ArgumentBinder.Bind(s_add, request);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before <= 64);
    }

    private static BoundArguments Bind(TaskDefinition definition, string args, string kwargs) =>
        ArgumentBinder.Bind(definition, Read(With($"[{args}, {kwargs}, null]")));

    private static TaskDefinition Define(params string[] parameters) => new()
    {
        Name = "math.add",
        Method = "Math.Add",
        Invoker = null,
        Parameters = [.. parameters.Select(text => new TaskParameter(
            text.TrimEnd('?', '*'),
            text.EndsWith('?') ? TaskParameterKind.Optional : text.EndsWith('*') ? TaskParameterKind.Rest : TaskParameterKind.Required,
            "int"))],
    };
}
