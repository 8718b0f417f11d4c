namespace Celeriac.Generators.Tests;

/// <summary>The warnings, which come from analyzers so that #pragma and .editorconfig can silence them.</summary>
public sealed class AnalyzerTests
{
    private static readonly (string, string)[] s_withoutReflection = [("JsonSerializerIsReflectionEnabledByDefault", "false")];

    [Fact]
    public async Task CEL003_A_public_task_without_a_name_of_its_own()
    {
        var run = Program("public static partial class Tasks { [Task] public static Task RunAsync() => Task.CompletedTask; }");
        Assert.Equal(["CEL003 'RunAsync'"], await run.FaultsAsync());
        Assert.Equal(
            "Task 'RunAsync' takes its name 'Demo.Tasks.Run' from the code, so renaming it would strand queued messages and other callers. Write [Task(\"Demo.Tasks.Run\")] or a name you prefer.",
            await run.FaultTextAsync());
    }

    [Theory]
    [InlineData("public static partial class Tasks { [Task(\"run\")] public static void Run() { } }")]
    [InlineData("public static partial class Tasks { [Task] internal static void Run() { } }")]
    [InlineData("internal static partial class Tasks { [Task] public static void Run() { } }")]
    [InlineData("#pragma warning disable CEL003\npublic static partial class Tasks { [Task] public static void Run() { } }")]
    public async Task CEL003_is_silent(string code) => Assert.Empty(await Program($"\n{code}").FaultsAsync());

    [Fact]
    public async Task CEL003_is_reported_once_for_a_task_in_another_program() => Assert.Equal(
        ["CEL003 'Run'"], await Program("public static partial class Tasks { [Task] public static partial Task Run(); }").FaultsAsync());

    [Fact]
    public async Task CEL005_A_parameter_and_a_result_without_JSON_metadata()
    {
        var run = Program("public record Order(int Id); public static partial class Tasks { [Task(\"t\")] public static Task<Order[]> Run(Order order, TaskContext context, CancellationToken token) => null!; }");
        Assert.Equal(["CEL005 'Task<Order[]>'", "CEL005 'Order'"], await run.FaultsAsync(s_withoutReflection));
    }

    [Fact]
    public async Task CEL005_says_what_to_write()
    {
        var run = Program("public record Order(int Id); public static partial class Tasks { [Task(\"t\")] public static void Run(params Order[] orders) { } }");
        Assert.Equal(
            "'Order', the type of parameter 'orders' of task 'Run', has no JSON metadata, and this project has JSON reflection switched off. Add [JsonSerializable(typeof(Order))] to a JsonSerializerContext and pass it to UseJson.",
            await run.FaultTextAsync(("PublishAot", "true")));
    }

    [Fact]
    public async Task CEL005_A_parameter_and_an_answer_of_a_control_command()
    {
        var run = Program("public record Order(int Id); public static class Commands { [ControlCommand(\"drop\")] public static Order[] Drop(Order order, ControlCommandContext context, CancellationToken token) => []; }");
        Assert.Equal(["CEL005 'Order[]'", "CEL005 'Order'"], await run.FaultsAsync(s_withoutReflection));
        var ask = Program("public record Order(int Id); public static class Commands { [InspectCommand(\"ask\")] public static System.Text.Json.Nodes.JsonObject Ask(Order order) => []; }");
        Assert.StartsWith("'Order', the type of parameter 'order' of command 'Ask', has no JSON metadata", await ask.FaultTextAsync(s_withoutReflection), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CEL005_is_silent_for_types_that_a_context_lists_or_reaches()
    {
        // The serializer's own generator does not run here, so the context is abstract.
        var run = Program("""
            public record Item(string Name);
            public record Order(int Id, List<Item> Items);
            [System.Text.Json.Serialization.JsonSerializable(typeof(Order))]
            internal abstract class AppJson() : System.Text.Json.Serialization.JsonSerializerContext(null);
            public static partial class Tasks { [Task("t")] public static void Run(Order order, Item item, List<Item>? items) { } }
            """);
        Assert.Empty(await run.FaultsAsync(s_withoutReflection));
    }

    [Fact]
    public async Task CEL005_is_silent_for_the_types_that_Celeriac_knows() => Assert.Empty(await Program(
        "public static partial class Tasks { [Task(\"t\")] public static string? Run(int a, int? b, string? c, Guid d, byte[] e, DateTimeOffset f, decimal g, IReadOnlyList<string> h, Dictionary<string, int> i) => null; }")
        .FaultsAsync(s_withoutReflection));

    [Theory]
    [InlineData("JsonSerializerIsReflectionEnabledByDefault", "true")]
    [InlineData("PublishAot", "false")]
    public async Task CEL005_is_silent_where_reflection_is_on(string property, string value) => Assert.Empty(await Program(
        "public record Order(int Id); public static partial class Tasks { [Task(\"t\")] public static void Run(Order order) { } }").FaultsAsync((property, value)));

    [Theory]
    [InlineData("[Task(\"t\")] public static async Task Run(AsyncResult<int> other) => await other.GetAsync();", "GetAsync")]
    [InlineData("[Task(\"t\")] public static async Task Run(AsyncResult<int> other) { Func<Task<int>> wait = async () => await other.GetAsync(); await wait(); }", "GetAsync")]
    [InlineData("[Task(\"t\")] public static async Task Run(AsyncResult<int> other) { await Wait(); async Task Wait() => await other.GetAsync(TimeSpan.FromSeconds(1)); }", "GetAsync")]
    public async Task CEL007_A_result_awaited_inside_a_task(string method, string underlined)
    {
        var run = Program($"public static partial class Tasks {{ {method} }}");
        Assert.Equal([$"CEL007 '{underlined}'"], await run.FaultsAsync());
        Assert.StartsWith("Task method 'Run' waits for another task's result", await run.FaultTextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public static async Task Run(int x) => await Python.AddAsync(x);")]
    [InlineData("public static async Task Run(int x) { Func<Task<int>> wait = () => Python.AddAsync(x); await wait(); }")]
    public async Task CEL007_A_direct_call_of_a_task_that_runs_elsewhere_inside_a_task(string method)
    {
        var run = Program($"{PythonAdd} public static partial class Tasks {{ [Task(\"t\")] {method} }}");
        Assert.Equal(["CEL007 'AddAsync'"], await run.FaultsAsync());
        Assert.StartsWith("Task method 'Run' waits for task 'AddAsync', which runs elsewhere, and holds its worker slot meanwhile", await run.FaultTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CEL007_sees_that_a_task_of_a_library_runs_elsewhere()
    {
        var library = Program(PythonAdd, "Library").ToReference();
        var run = GeneratorRun.Of(
            "using System.Threading.Tasks; using Celeriac; namespace App; public static partial class Tasks { [Task(\"t\")] public static async Task Run() => await Demo.Python.AddAsync(1); }",
            references: [library]);
        Assert.Equal(["CEL007 'AddAsync'"], await run.FaultsAsync());
    }

    [Theory]
    [InlineData("public static class Caller { public static async Task<int> Run() => await Python.AddAsync(1); }")]
    [InlineData("public static partial class Tasks { [Task(\"t\")] public static async Task Run() => await Python.AddTask.DelayAsync(1); }")]
    [InlineData("public static partial class Tasks { [Task(\"t\")] public static async Task Run() => await Other.AddAsync(1); } public static partial class Other { [Task(\"o\")] public static Task AddAsync(int x) => Task.CompletedTask; }")]
    public async Task CEL007_is_silent_where_nothing_waits_in_a_slot(string caller) => Assert.Empty(await Program($"{PythonAdd} {caller}").FaultsAsync());

    [Fact]
    public async Task CEL007_is_silent_outside_of_tasks() => Assert.Empty(await Program(
        "public static class Caller { public static async Task<int> Run(AsyncResult<int> other) => await other.GetAsync(); }").FaultsAsync());

    [Theory]
    [InlineData("public static void Call() { Tasks.AddTask.DelayAsync(1); }")]
    [InlineData("public static void Call() => Tasks.AddTask.DelayAsync(1);")]
    [InlineData("public static Action Call() => () => Tasks.AddTask.DelayAsync(1);")]
    public async Task CEL008_A_task_that_is_sent_and_not_awaited(string method)
    {
        var run = Program($"{Add} public static class Caller {{ {method} }}");
        Assert.Equal(["CEL008 'Tasks.AddTask.DelayAsync(1)'"], await run.FaultsAsync());
        Assert.Equal(
            "'Tasks.AddTask.DelayAsync(…)' is not awaited, so nobody learns whether the broker took the task. Write 'await Tasks.AddTask.DelayAsync(…)'.",
            await run.FaultTextAsync());
    }

    [Fact]
    public async Task CEL008_sees_through_With_and_AsTask() => Assert.Equal(
        ["CEL008 'Tasks.AddTask.With(priority: 3).DelayAsync(1)'"],
        await Program($"{Add} public static class Caller {{ public static void Call() {{ Tasks.AddTask.With(priority: 3).DelayAsync(1).AsTask(); }} }}").FaultsAsync());

    [Fact]
    public async Task CEL008_sees_a_list_of_calls_too() => Assert.Equal(
        ["CEL008 'Tasks.AddTask.DelayManyAsync([1])'"],
        await Program($"{Add} public static class Caller {{ public static void Call() {{ Tasks.AddTask.DelayManyAsync([1]); }} }}").FaultsAsync());

    [Theory]
    [InlineData("public static async Task Call() => await Tasks.AddTask.DelayAsync(1);")]
    [InlineData("public static async Task Call() { var sent = Tasks.AddTask.DelayAsync(1); await sent; }")]
    [InlineData("public static ValueTask<AsyncResult<int>> Call() => Tasks.AddTask.DelayAsync(1);")]
    [InlineData("public static void Call() { _ = Tasks.AddTask.DelayAsync(1); }")]
    public async Task CEL008_is_silent_when_the_task_is_awaited_or_used(string method) =>
        Assert.Empty(await Program($"{Add} public static class Caller {{ {method} }}").FaultsAsync());

    private const string Add = "public static partial class Tasks { [Task(\"add\")] public static int Add(int x) => x; }";

    private const string PythonAdd = "public static partial class Python { [Task(\"proj.add\")] public static partial Task<int> AddAsync(int x); }";

    private static GeneratorRun Program(string code, string assemblyName = "Program")
    {
        var run = GeneratorRun.Of($"using System; using System.Collections.Generic; using System.Threading; using System.Threading.Tasks; using Celeriac; namespace Demo; {code}", assemblyName: assemblyName);
        Assert.DoesNotContain(run.CompilerComplaints(), complaint => complaint.Contains("error", StringComparison.Ordinal) && !complaint.Contains("CS0534", StringComparison.Ordinal));
        return run;
    }
}
