namespace Celeriac.Generators.Tests;

/// <summary>The errors that the generator reports, where they stand and what they say. CEL001 has a file of its own.</summary>
public sealed class GeneratorDiagnosticTests
{
    [Fact]
    public async Task CEL002_Two_tasks_with_one_name()
    {
        var run = Tasks("[Task(\"math.add\")] public static void Add() { } [Task(\"math.add\")] public static void Plus() { }");
        Assert.Equal(["CEL002 '\"math.add\"'"], await run.FaultsAsync());
        Assert.Equal(
            "Task name 'math.add' of 'Demo.Tasks.Plus' is already the name of 'Demo.Tasks.Add'. Give one of them another name in its [Task] attribute.",
            await run.FaultTextAsync());
    }

    [Fact]
    public async Task CEL002_also_compares_names_that_come_from_the_code()
    {
        var run = Tasks("[Task] internal static void Add() { } [Task(Handle = \"Other\")] internal static System.Threading.Tasks.Task AddAsync() => System.Threading.Tasks.Task.CompletedTask;");
        Assert.Equal(["CEL002 'AddAsync'"], await run.FaultsAsync());
    }

    [Fact]
    public async Task CEL002_is_silent_for_different_names() =>
        Assert.Empty(await Tasks("[Task(\"math.add\")] public static void Add() { } [Task(\"math.plus\")] public static void Plus() { }").FaultsAsync());

    [Theory]
    [InlineData("\"\"", "\"\"", "Name of task 'Run' is empty, but messages name their task. Write a name such as \"proj.add\".")]
    [InlineData("\"t\", Priority = 256", "Priority = 256", "Priority of task 'Run' is 256, but a priority is 0 to 255. Choose one of these.")]
    [InlineData("\"t\", Priority = -1", "Priority = -1", "Priority of task 'Run' is -1, but a priority is 0 to 255. Choose one of these.")]
    [InlineData("\"t\", MaxRetries = -2", "MaxRetries = -2", "MaxRetries of task 'Run' is -2, but it must be −1 (no limit), 0 or more. Write -1 for no limit.")]
    [InlineData("\"t\", RetryDelay = -1", "RetryDelay = -1", "RetryDelay of task 'Run' is -1, but it must be 0 seconds or more. Write a number of seconds.")]
    [InlineData("\"t\", RetryDelay = double.NaN", "RetryDelay = double.NaN", "RetryDelay of task 'Run' is NaN, but it must be 0 seconds or more. Write a number of seconds.")]
    [InlineData("\"t\", TimeLimit = -0.5", "TimeLimit = -0.5", "TimeLimit of task 'Run' is -0.5, but it must be 0 seconds or more. Write a number of seconds.")]
    [InlineData("\"t\", SoftTimeLimit = -0.5", "SoftTimeLimit = -0.5", "SoftTimeLimit of task 'Run' is -0.5, but it must be 0 seconds or more. Write a number of seconds.")]
    [InlineData("\"t\", RetryBackoffMax = 0", "RetryBackoffMax = 0", "RetryBackoffMax of task 'Run' is 0, but it must be more than 0 seconds. Write the longest delay in seconds.")]
    [InlineData("\"t\", RetryBackoffFactor = 0", "RetryBackoffFactor = 0", "RetryBackoffFactor of task 'Run' is 0, but it must be more than 0 seconds. Write the first delay in seconds.")]
    [InlineData("\"t\", Hooks = typeof(string)", "Hooks = typeof(string)", "Hooks of task 'Run' is 'String', but it must implement ITaskHooks and be internal or public. Name a class that does.")]
    [InlineData("\"t\", RateLimit = \"often\"", "RateLimit = \"often\"", "RateLimit of task 'Run' is 'often', but it must be a number with /s, /m or /h. Write for example \"10/m\".")]
    [InlineData("\"t\", UniqueFor = 0", "UniqueFor = 0", "UniqueFor of task 'Run' is 0, but it must be 1 to 315360000 seconds. Write a time that is longer than the task waits or runs.")]
    [InlineData("\"t\", UniqueBy = new[] { \"user\" }", "UniqueBy = new[] { \"user\" }", "UniqueBy of task 'Run' is 'user', but it must name parameters that are sent. Leave it out.")]
    [InlineData("\"t\", SoftTimeLimit = 9, TimeLimit = 8", "SoftTimeLimit = 9", "SoftTimeLimit of task 'Run' is 9, but the run is abandoned after TimeLimit = 8, before it could stop. Make SoftTimeLimit the smaller one.")]
    [InlineData("\"t\", Queue = \"\"", "Queue = \"\"", "Queue of task 'Run' is empty, but a queue has a name. Write the queue's name, or leave it out for the client's default queue.")]
    [InlineData("\"t\", Handle = \"1st\"", "Handle = \"1st\"", "Handle of task 'Run' is '1st', but it must be a C# name. Write a name such as \"AddTask\".")]
    public async Task CEL004_A_value_that_cannot_be_meant(string arguments, string underlined, string text)
    {
        var run = Tasks($"[Task({arguments})] public static void Run() {{ }}");
        Assert.Equal([$"CEL004 '{underlined}'"], await run.FaultsAsync());
        Assert.Equal(text, await run.FaultTextAsync());
    }

    [Fact]
    public async Task CEL004_A_time_that_no_TimeSpan_can_hold() =>
        Assert.Equal(
            ["CEL004 'TimeLimit = double.PositiveInfinity'", "CEL004 'RetryDelay = 1e15'"],
            await Tasks("[Task(\"t\", TimeLimit = double.PositiveInfinity, RetryDelay = 1e15)] public static void Run() { }").FaultsAsync());

    [Fact]
    public async Task CEL004_A_queue_name_is_measured_in_bytes()
    {
        var run = Tasks($"[Task(\"t\", Queue = \"{new string('ü', 128)}\")] public static void Run() {{ }}");
        Assert.Contains("is 256 bytes long, but brokers take at most 255 bytes", await run.FaultTextAsync(), StringComparison.Ordinal);
        Assert.Empty(await Tasks($"[Task(\"t\", Queue = \"{new string('u', 255)}\")] public static void Run() {{ }}").FaultsAsync());
    }

    [Fact]
    public async Task CEL004_is_silent_at_the_limits() =>
        Assert.Empty(await Tasks("[Task(\"t\", Priority = 255, MaxRetries = -1, RetryDelay = 0, RetryBackoffMax = 0.1, SoftTimeLimit = 8, TimeLimit = 8, RateLimit = \"10/m\")] public static void Run() { }").FaultsAsync());

    [Fact]
    public async Task CEL016_names_every_type_that_is_not_partial()
    {
        var run = GeneratorRun.Of("using Celeriac; public class Outer { public partial class Middle { public class Inner { [Task(\"t\")] public static void Run() { } } } }");
        Assert.Equal(["CEL016 'Run'"], await run.FaultsAsync());
        Assert.Equal(
            "The handle of task method 'Run' is generated into its type, but 'Outer', 'Inner' are not partial. Add the word 'partial' to their declarations.",
            await run.FaultTextAsync());
    }

    [Fact]
    public async Task CEL016_is_silent_when_all_are_partial() => Assert.Empty(
        await GeneratorRun.Of("using Celeriac; public partial class Outer { public partial class Inner { [Task(\"t\")] public static void Run() { } } }").FaultsAsync());

    [Theory]
    [InlineData("[Task(\"t\")] public static void Run() { } public static int RunTask => 1;", "'Demo.Tasks.RunTask'")]
    [InlineData("[Task(\"t\")] public static void Run() { } public class RunTaskHandle;", "'Demo.Tasks.RunTaskHandle'")]
    [InlineData("[Task(\"t\", Handle = \"Tasks\")] public static void Run() { }", "the name of its type 'Tasks'")]
    [InlineData("[Task(\"s\")] public static void Run(int x) { } [Task(\"t\")] public static void Run(string x) { }", "the handle of another 'Demo.Tasks.Run'")]
    public async Task CEL017_A_handle_whose_name_is_taken(string members, string what)
    {
        var run = Tasks(members);
        Assert.Equal(["CEL017 'Run'"], await run.FaultsAsync());
        Assert.Contains($"of task method 'Run' clashes with {what}. Name it otherwise with [Task(Handle = \"…\")].", await run.FaultTextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public static void RunTask() { }")]
    [InlineData("[Task(\"s\")] public static void RunAsync() { }")]
    public async Task CEL017_also_looks_at_base_classes(string member)
    {
        var run = GeneratorRun.Of($"using Celeriac; public partial class Above {{ {member} }} public partial class Below : Above {{ [Task(\"t\")] public static void Run() {{ }} }}");
        Assert.Equal(["CEL017 'Run'"], await run.FaultsAsync());
    }

    [Fact]
    public async Task CEL017_is_cured_by_another_handle()
    {
        var run = Tasks("[Task(\"s\")] public static void Run(int x) { } [Task(\"t\", Handle = \"RunTextTask\")] public static void Run(string x) { }");
        Assert.Empty(await run.FaultsAsync());
        Assert.Empty(run.CompilerComplaints());
    }

    private static GeneratorRun Tasks(string members) => GeneratorRun.Of($"using Celeriac; namespace Demo; public static partial class Tasks {{ {members} }}");
}
