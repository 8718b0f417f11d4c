using System.Text.Json;

namespace Celeriac.Generators.Tests;

/// <summary>Methods with [ControlCommand] and [InspectCommand]: what is written, what it does, and CEL018.</summary>
public sealed class ControlCommandTests
{
    private const string Program = """
        public static class Commands
        {
            [ControlCommand("warm_up")]
            public static async Task<JsonObject> WarmUpAsync(string cacheName, ControlCommandContext context, int @lock = 5, string? note = null, CancellationToken cancellationToken = default)
            {
                await Task.Yield();
                return new JsonObject { ["ok"] = $"{cacheName} {@lock} {note ?? "-"} {context.Node} {cancellationToken.IsCancellationRequested}" };
            }

            [InspectCommand("cache_sizes")]
            internal static int[] Sizes() => [1, 2];

            [ControlCommand("forget")]
            public static void Forget(double? call) { }

            [ControlCommand("flush"), Obsolete]
            public static ValueTask Flush() => default;
        }
        """;

    [Fact]
    public void The_list_of_commands_reads_arguments_by_name() => Snapshot.Matches(Of(Program).File("CeleriacControlCommands.g.cs"), "ControlCommands");

    [Fact]
    public void AddTasks_registers_commands_too()
    {
        var extension = Of($"{Program} public static partial class Tasks {{ [Task(\"t\")] public static void Run() {{ }} }}").File("CeleriacTasksExtensions.g.cs");
        Assert.Contains("builder.AddTasks(global::Demo.CeleriacTasks.All).AddControlCommands(global::Demo.CeleriacControlCommands.All);", extension, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_with_commands_alone_has_AddTasks()
    {
        var run = Of($"{Program} public static class Start {{ public static void Main(CeleriacBuilder builder) => builder.AddTasks(); }}");
        Assert.Empty(run.CompilerComplaints());
        Assert.DoesNotContain("CeleriacTasks.g.cs", run.FileNames);
    }

    [Theory]
    [InlineData("warm_up", "{\"cacheName\":\"users\"}", "{\"ok\":\"users 5 - w1@host True\"}")]
    [InlineData("warm_up", "{\"cache_name\":\"users\",\"lock\":7,\"note\":\"a\",\"unknown\":1}", "{\"ok\":\"users 7 a w1@host True\"}")]
    [InlineData("cache_sizes", "{}", "[1,2]")]
    [InlineData("forget", "{\"call\":1.5}", "null")]
    [InlineData("forget", "{}", "null")]
    [InlineData("flush", "{}", "null")]
    public async Task A_command_answers_what_its_method_returns(string command, string arguments, string answer) => Assert.Equal(answer, await RunAsync(command, arguments));

    [Theory]
    [InlineData("{}", "warm_up() missing 1 required positional argument: 'cache_name'")]
    [InlineData("{\"cache_name\":null}", "warm_up() missing 1 required positional argument: 'cache_name'")]
    [InlineData("{\"cache_name\":\"a\",\"lock\":\"many\"}", "warm_up() argument 'lock' is \"many\", which does not fit Int32")]
    public async Task Arguments_that_do_not_fit_are_a_TypeError(string arguments, string text)
    {
        var error = await Assert.ThrowsAsync<CeleryException>(() => RunAsync("warm_up", arguments));
        Assert.Equal(("TypeError", text), (error.RemoteType, error.Arguments[0]));
    }

    [Theory]
    [InlineData("[ControlCommand(\"c\")] public void Run() { }", "it is an instance method, and a command has no object to be called on")]
    [InlineData("[InspectCommand(\"c\")] private static void Run() { }", "the code that registers commands cannot see it")]
    [InlineData("[ControlCommand(\"\")] public static void Run() { }", "its name is empty")]
    [InlineData("[ControlCommand(\"c\")] public static void Run(params int[] x) { }", "params parameter 'x' has no name to be sent by")]
    [InlineData("[ControlCommand(\"c\")] public static void Run(TaskContext x) { }", "parameter 'x' is a TaskContext")]
    [InlineData("[ControlCommand(\"c\")] public static void Run(ref int x) { }", "parameter 'x' is passed by reference")]
    [InlineData("[ControlCommand(\"c\")] public static void Run<T>(T x) { }", "it is generic")]
    [InlineData("[ControlCommand(\"c\")] public static partial Task Run();", "it has no body")]
    [InlineData("[ControlCommand(\"c\")] public static void Walk() { } [InspectCommand(\"c\")] public static void Run() { }", "'c' is already the name of 'Demo.Box.Walk'")]
    public async Task A_method_that_no_request_can_call_is_refused(string method, string reason)
    {
        var run = Of($"public partial class Box {{ {method} }}");
        Assert.Equal(["CEL018 'Run'"], await run.FaultsAsync());
        Assert.StartsWith($"'Run' cannot be a control command: {reason}", await run.FaultTextAsync(), StringComparison.Ordinal);
    }

    private static GeneratorRun Of(string source) => GeneratorRun.Of(
        $"using System; using System.Text.Json.Nodes; using System.Threading; using System.Threading.Tasks; using Celeriac; namespace Demo; {source}");

    private static async Task<string> RunAsync(string command, string arguments)
    {
        var all = (IReadOnlyList<ControlCommandDefinition>)Of(Program).Load().GetType("Demo.CeleriacControlCommands")!.GetProperty("All")!.GetValue(null)!;
        using var document = JsonDocument.Parse(arguments);
        var context = new ControlCommandContext("w1@host", command, document.RootElement, null);
        var answer = await all.Single(definition => definition.Name == command).Handler(context, new CancellationToken(canceled: true));
        return answer?.ToJsonString() ?? "null";
    }
}
