namespace Celeriac.Generators.Tests;

/// <summary>Compiles what the generator writes, loads it, and runs the tasks through their invokers.</summary>
public sealed class RunGeneratedTests
{
    [Theory]
    [InlineData("public static int Add(int x, int y = 2) => x + y;", "[40]", "42")]
    [InlineData("public static Task<int> AddAsync(int x, int y = 2) => Task.FromResult(x + y);", "[40, 3]", "43")]
    [InlineData("public static async ValueTask<int> Add(int x) { await Task.Yield(); return x; }", "[40]", "40")]
    [InlineData("public static void Add(int x) { }", "[40]", "null")]
    [InlineData("public static async Task Add(int x) => await Task.Yield();", "[40]", "null")]
    [InlineData("public static ValueTask Add(int x) => default;", "[40]", "null")]
    [InlineData("public static string? Echo(string? text = null) => text;", "[]", "null")]
    [InlineData("public static int[] Sort(List<int> values) => [.. values.Order()];", "[[3,1,2]]", "[1,2,3]")]
    [InlineData("public static Order Raise(Order order) => order with { Id = order.Id + 1 };", "[{\"id\":1,\"colour\":\"Red\"}]", "{\"id\":2,\"colour\":\"Red\"}")]
    [InlineData("public static Colour Paint(Colour colour = Colour.Blue) => colour;", "[]", "\"Blue\"")]
    [InlineData("public static decimal Price(decimal price = 1.10m) => price;", "[]", "\"1.10\"")]
    [InlineData("public static char Quote(char quote = '\\'') => quote;", "[]", "\"\\u0027\"")]
    [InlineData("public static bool IsNaN(double number = double.NaN) => double.IsNaN(number);", "[]", "true")]
    [InlineData("public static (Guid, DateTimeOffset) Pair(Guid id = default, DateTimeOffset time = default) => default;", "[]", "[\"00000000-0000-0000-0000-000000000000\",\"0001-01-01T00:00:00.000000\\u002B00:00\"]")]
    [InlineData("public static string Text(string text = \"a \\\"b\\\" \\n\") => text;", "[]", "\"a \\u0022b\\u0022 \\n\"")]
    [InlineData("public static int Sum(int first, params int[] rest) => first + rest.Sum();", "[1,2,3]", "6")]
    [InlineData("public static int Sum(params int[] rest) => rest.Sum();", "[]", "0")]
    [InlineData("public static dynamic Echo(dynamic thing) => thing;", "[1]", "1")]
    [InlineData("public static string Echo(string @event, string call, string result, string target) => @event + call + result + target;", "[\"a\",\"b\",\"c\",\"d\"]", "\"abcd\"")]
    [InlineData("public static int Sum(int Sign, int S, int SendAsync, int cancellationToken) => Sign + S + SendAsync + cancellationToken;", "[1,2,3,4]", "10")]
    [InlineData("[Obsolete] public static int Old() => 1;", "[]", "1")]
    public async Task A_method_runs_and_answers_its_result(string method, string args, string result)
    {
        var program = new LoadedProgram($"public enum Colour {{ Red, Blue }} public record Order(int Id, Colour Colour); public static partial class Tasks {{ [Task(\"t\")] {method} }}");
        Assert.Equal(result, await program.RunAsync(args));
    }

    [Fact]
    public async Task Context_and_cancellation_are_injected_wherever_they_stand()
    {
        var program = new LoadedProgram("""
            public static partial class Tasks
            {
                [Task("t")]
                public static string Run(CancellationToken token, int x, TaskContext context, int y = 5) => $"{token.IsCancellationRequested} {x} {context.Id} {y}";
            }
            public static class Calls { public static Signature Sign() => Tasks.RunTask.S(1); }
            """);
        Assert.Equal("\"True 1 id-1 5\"", await program.RunAsync("[1]", cancellationToken: new CancellationToken(canceled: true)));
        Assert.Equal("[1,5]", program.ArgsOf("Sign"));
    }

    [Fact]
    public async Task Keywords_and_positions_are_both_bound()
    {
        var program = new LoadedProgram("public static partial class Tasks { [Task(\"t\")] public static string Run(int orderId, string note = \"-\") => orderId + note; }");
        Assert.Equal("\"7ab\"", await program.RunAsync("[]", "{\"order_id\":7,\"note\":\"ab\"}"));
    }

    [Fact]
    public async Task A_value_of_another_type_is_refused_by_name()
    {
        var program = new LoadedProgram("public static partial class Tasks { [Task(\"t\")] public static int Run(int count) => count; }");
        var error = await Assert.ThrowsAsync<TaskArgumentException>(() => program.RunAsync("[\"many\"]"));
        Assert.Equal("t() argument 'count' does not fit int: \"many\". Send a value of that type.", error.Message);
    }

    [Theory]
    [InlineData("S(1)", "[1,2,null]")]
    [InlineData("S(1, note: \"n\")", "[1,2,\"n\"]")]
    [InlineData("With(queue: \"slow\").S(3, 4, \"5\")", "[3,4,\"5\"]")]
    public void A_signature_holds_every_argument(string call, string args)
    {
        var program = new LoadedProgram(
            $"public static partial class Tasks {{ [Task(\"t\")] public static void Run(int x, int y = 2, string? note = null) {{ }} }} public static class Calls {{ public static Signature Sign() => Tasks.RunTask.{call}; }}");
        Assert.Equal(args, program.ArgsOf("Sign"));
    }

    [Theory]
    [InlineData("S(\"a\")", "[\"a\"]")]
    [InlineData("S(\"a\", 1, 2)", "[\"a\",1,2]")]
    [InlineData("S(\"a\", null)", "[\"a\"]")]
    public void A_params_array_travels_as_further_positional_arguments(string call, string args)
    {
        var program = new LoadedProgram(
            $"public static partial class Tasks {{ [Task(\"t\")] public static void Run(string a, params int[]? rest) {{ }} }} public static class Calls {{ public static Signature Sign() => Tasks.RunTask.{call}; }}");
        Assert.Equal(args, program.ArgsOf("Sign"));
    }

    [Fact]
    public void A_signature_carries_name_declaration_and_options()
    {
        var program = new LoadedProgram("""
            public static partial class Tasks { [Task("t", MaxRetries = 5, TimeLimit = 1.5)] public static void Run() { } }
            public static class Calls { public static Signature Sign() => Tasks.RunTask.With(queue: "slow").With(priority: 7).S(); }
            """);
        var signature = program.Call<Signature>("Sign");
        Assert.Equal("t", signature.Task);
        Assert.Equal(("slow", (byte?)7), (signature.Options.Queue, signature.Options.Priority));
        Assert.Equal((5, TimeSpan.FromSeconds(1.5)), (signature.Declared!.MaxRetries, signature.Declared.TimeLimit));
    }

    [Fact]
    public void A_definition_says_how_the_method_is_called_and_run()
    {
        var tasks = new LoadedProgram("""
            public static partial class Tasks
            {
                [Task("sync")] public static void Sync(int x, int y = 1, params string[] rest) { }
                [Task("async")] public static Task RunAsync() => Task.CompletedTask;
                [Task("elsewhere")] public static partial Task<int> FarAsync(int x);
            }
            """).Tasks;
        Assert.Equal(["sync", "async", "elsewhere"], tasks.Select(task => task.Name));
        Assert.Equal([true, false, false], tasks.Select(task => task.IsSynchronous));
        Assert.Equal([true, true, false], tasks.Select(task => task.Invoker is not null));
        Assert.Equal("Demo.Tasks.RunAsync", tasks[1].Method);
        Assert.Equal(
            [new("x", TaskParameterKind.Required, "int", "int"), new("y", TaskParameterKind.Optional, "int", "int", "1"), new("rest", TaskParameterKind.Rest, "string[]", "str")],
            tasks[0].Parameters);
        Assert.Equal(["None", "None", null], tasks.Select(task => task.PythonResult));
        Assert.Same(TaskOptions.Default, tasks[1].Options);
    }

    [Fact]
    public void A_handle_may_be_used_by_a_static_field_of_its_own_class() => Assert.Equal("[1]", new LoadedProgram("""
        public static partial class Tasks
        {
            public static readonly Signature Flow = RunTask.S(1);
            [Task("t")] public static void Run(int x) { }
        }
        public static class Calls { public static Signature Sign() => Tasks.Flow; }
        """).ArgsOf("Sign"));
}
