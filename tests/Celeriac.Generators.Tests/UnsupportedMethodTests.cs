namespace Celeriac.Generators.Tests;

/// <summary>CEL001: which methods cannot be tasks, and that the cure the text names works.</summary>
public sealed class UnsupportedMethodTests
{
    [Theory]
    [InlineData("public static void Run<T>(T value) { }", "it is generic")]
    [InlineData("public static void Run(ref int x) { }", "parameter 'x' is passed by reference")]
    [InlineData("public static void Run(in int x) { }", "parameter 'x' is passed by reference")]
    [InlineData("public static void Run(out int x) => x = 1;", "parameter 'x' is passed by reference")]
    [InlineData("public static void Run(ReadOnlySpan<byte> x) { }", "parameter 'x' of type 'ReadOnlySpan<byte>' cannot be put into a message")]
    [InlineData("public static unsafe void Run(int* x) { }", "parameter 'x' of type 'int*' cannot be put into a message")]
    [InlineData("public static void Run(params List<int> x) { }", "params parameter 'x' is no array")]
    [InlineData("public static async void Run() => await Task.Yield();", "it is async void")]
    [InlineData("public static async IAsyncEnumerable<int> Run() { await Task.Yield(); yield return 1; }", "it returns a stream")]
    [InlineData("public static Span<int> Run() => default;", "its result cannot be put into a message")]
    [InlineData("public static ref int Run() => ref Field;", "its result cannot be put into a message")]
    [InlineData("public static void Run(this string text) { }", "it is an extension method")]
    [InlineData("private static void Run() { }", "the code that registers tasks cannot see it")]
    [InlineData("public static partial int Run();", "it runs in another process, so its result must be awaited")]
    [InlineData("public static partial Task Run(TaskContext context);", "it runs in another process and has no use for parameter 'context'")]
    [InlineData("public static partial Task Run(CancellationToken token, TaskContext context);", "it runs in another process and has no use for parameter 'context'")]
    [InlineData("public static partial void Run();", "it runs in another process, so its result must be awaited")]
    [InlineData("public static partial Task<int> Run(out int x);", "parameter 'x' is passed by reference")]
    [InlineData("public static void Run(__arglist) { }", "it takes __arglist")]
    public async Task A_method_that_no_message_can_call_is_refused(string method, string reason)
    {
        var run = Program($"static int Field; [Task(\"t\")] {method}");
        Assert.Equal(["CEL001 'Run'"], await run.FaultsAsync());
        Assert.StartsWith($"'Run' cannot be a task: {reason}", await run.FaultTextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public static partial Task Run(params string[] x);")]
    [InlineData("public static void Run(params string[] x) { }")]
    public async Task A_params_array_has_no_name_to_be_sent_by(string method)
    {
        var run = Program($"[Task(\"t\", Keywords = true)] {method}");
        Assert.Equal(["CEL001 'Run'"], await run.FaultsAsync());
        Assert.StartsWith("'Run' cannot be a task: params parameter 'x' has no name to be sent by", await run.FaultTextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public partial class Box<T> { [Task(\"t\")] public static void Run() { } }", "its type 'Box' is generic")]
    [InlineData("public partial class Box<T> { public partial class Lid { [Task(\"t\")] public static void Run() { } } }", "its type 'Box' is generic")]
    [InlineData("public partial interface IBox { [Task(\"t\")] void Run(); }", "it is abstract")]
    [InlineData("public partial interface IBox { [Task(\"t\")] public static void Run() { } }", "it is in an interface")]
    [InlineData("public abstract partial class Box { [Task(\"t\")] public abstract void Run(); }", "it is abstract")]
    [InlineData("public ref partial struct Box { [Task(\"t\")] public void Run() { } }", "it is an instance method of a ref struct")]
    [InlineData("file partial class Box { [Task(\"t\")] internal static void Run() { } }", "its type 'Box' is local to one file")]
    [InlineData("public partial class Box { private partial class Lid { [Task(\"t\")] public static void Run() { } } }", "the code that registers tasks cannot see it")]
    [InlineData("public partial class Box { public void M() { Run(); [Task(\"t\")] void Run() { } } }", "it is a local function")]
    public async Task A_method_in_a_place_that_no_message_can_reach_is_refused(string type, string reason)
    {
        var run = GeneratorRun.Of($"using Celeriac; namespace Demo; {type}");
        Assert.Equal(["CEL001 'Run'"], await run.FaultsAsync());
        Assert.StartsWith($"'Run' cannot be a task: {reason}", await run.FaultTextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public static void Run(int[] x) { }")]
    [InlineData("public static void Run(params int[] x) { }")]
    [InlineData("public static async Task Run() => await Task.Yield();")]
    [InlineData("public static Task<List<int>> Run() => Task.FromResult(new List<int>());")]
    [InlineData("internal static void Run() { }")]
    [InlineData("public static partial Task<int> Run();")]
    public async Task The_cure_silences_it(string method)
    {
        var run = Program($"[Task(\"t\")] {method}");
        Assert.Empty(await run.FaultsAsync());
        Assert.Empty(run.CompilerComplaints());
    }

    [Fact]
    public void An_operator_and_an_accessor_are_refused()
    {
        var run = GeneratorRun.Of("""
            using Celeriac;
            namespace Demo;
            public partial class Box
            {
                [Task("t")] public static Box operator +(Box a, Box b) => a;
                public int Size { [Task("u")] get => 1; }
            }
            """);
        Assert.Equal(["CEL001", "CEL001"], run.Result.Diagnostics.Select(fault => fault.Id));
    }

    [Fact]
    public void Other_tasks_of_the_class_keep_their_handles()
    {
        var run = Program("[Task(\"t\")] public static void Bad(ref int x) { } [Task(\"u\")] public static void Good() { }");
        Assert.Contains("GoodTask", run.File("Demo.Tasks.g.cs"), StringComparison.Ordinal);
        Assert.DoesNotContain("BadTask", run.File("Demo.Tasks.g.cs"), StringComparison.Ordinal);
    }

    private static GeneratorRun Program(string members) => GeneratorRun.Of(
        $"using System; using System.Collections.Generic; using System.Threading; using System.Threading.Tasks; using Celeriac; namespace Demo; public static partial class Tasks {{ {members} }}");
}
