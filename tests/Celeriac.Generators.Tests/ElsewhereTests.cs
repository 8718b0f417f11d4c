using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Generators.Tests;

/// <summary>Body-less partial methods: the generated body sends the task and answers its result.</summary>
public sealed class ElsewhereTests
{
    private const string Source = """
        public static partial class Python
        {
            [Task("proj.add")] public static partial Task<int> AddAsync(int x, int y = 2, CancellationToken cancellation = default);
            [Task("proj.log")] public static partial ValueTask LogAsync(params string[] lines);
        }
        public static class Calls
        {
            public static Task<int> Add() => Python.AddAsync(40);
            public static async Task Log() => await Python.LogAsync("a", "b");
        }
        """;

    [Fact]
    public async Task A_result_is_awaited_and_read()
    {
        await using var client = new TaskClient(Transports.Create("memory://elsewhere-add"), new Answering("42"), new CeleriacOptions());
        using var scope = client.Use();
        Assert.Equal(42, await new LoadedProgram(Source).Call<Task<int>>("Add"));
        Assert.StartsWith("[[40,2],{},", await SentBodyAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_method_without_a_result_waits_until_the_task_has_ended()
    {
        await using var client = new TaskClient(Transports.Create("memory://elsewhere-log"), new Answering("null"), new CeleriacOptions());
        using var scope = client.Use();
        await new LoadedProgram(Source).Call<Task>("Log");
        Assert.StartsWith("[[\"a\",\"b\"],{},", await SentBodyAsync(client), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public static partial Task<int> RunAsync(int x, int y = 2);", "RunAsync(40)", "[[40,2],{},")]
    [InlineData("public static partial Task<int> RunAsync(int x, int y = 2, CancellationToken token = default);", "RunAsync(y: 1, x: 2)", "[[2,1],{},")]
    [InlineData("public static partial Task<int> RunAsync(string? name, int? count = null);", "RunAsync(null)", "[[null,null],{},")]
    [InlineData("public static partial Task<int> RunAsync(int[] numbers, Order[] orders);", "RunAsync([1, 2], [new(7)])", "[[[1,2],[{\"id\":7}]],{},")]
    [InlineData("public static partial Task<int> RunAsync(CancellationToken token, params string[] lines);", "RunAsync(default, \"a\", \"b\")", "[[\"a\",\"b\"],{},")]
    [InlineData("public static partial Task<int> RunAsync(params Order[] orders);", "RunAsync()", "[[],{},")]
    [InlineData("public static partial Task<int> RunAsync(int RunTask, int sent, int Definition);", "RunAsync(1, 2, 3)", "[[1,2,3],{},")]
    [InlineData("public static partial ValueTask<int> RunAsync();", "RunAsync().AsTask()", "[[],{},")]
    [InlineData("public static partial Task RunAsync(int x);", "Ended(Tasks.RunAsync(5))", "[[5],{},")]
    public async Task What_is_sent(string method, string call, string body) => Assert.StartsWith(body, await SendAsync("Task(\"t\")", method, call), StringComparison.Ordinal);

    [Theory]
    [InlineData("public static partial Task<int> RunAsync(string filePath, int? maxWidth = null);", "RunAsync(\"a\")", "[[],{\"file_path\":\"a\",\"max_width\":null},")]
    [InlineData("public static partial Task<int> RunAsync(Order @class, int Definition);", "RunAsync(new(7), 2)", "[[],{\"class\":{\"id\":7},\"definition\":2},")]
    [InlineData("public static partial Task<int> RunAsync();", "RunAsync()", "[[],{},")]
    public async Task What_is_sent_by_name(string method, string call, string body) =>
        Assert.StartsWith(body, await SendAsync("Task(\"t\", Keywords = true)", method, call), StringComparison.Ordinal);

    [Fact]
    public async Task A_direct_call_asks_for_the_result_that_the_declaration_would_ignore()
    {
        var (client, program) = Open("Task(\"t\", IgnoreResult = true)", "public static partial Task<int> RunAsync();", "RunAsync()", "7");
        await using (client)
        {
            using var scope = client.Use();
            Assert.Equal(7, await program.Call<Task<int>>("Run"));
            Assert.Equal(HeaderValue.From(false), (await SentAsync(client)).Headers["ignore_result"]);
        }
    }

    [Theory]
    [InlineData("Task<Order>", "{\"id\":7}", "Order { Id = 7 }")]
    [InlineData("Task<Order?>", "null", "")]
    [InlineData("Task<int?>", "null", "")]
    [InlineData("Task<List<Order>>", "[{\"id\":1},{\"id\":2}]", "2")]
    [InlineData("Task<string[]>", "[\"a\"]", "1")]
    [InlineData("Task<object>", "3", "3")]
    public async Task A_result_has_the_type_of_the_signature(string type, string json, string shown)
    {
        var (client, program) = Open("Task(\"t\")", $"public static partial {type} RunAsync();", "Show(await Tasks.RunAsync())", json, "Task<string?>");
        await using (client)
        {
            using var scope = client.Use();
            Assert.Equal(shown, await program.Call<Task<string?>>("Run") ?? "");
        }
    }

    [Fact]
    public async Task A_token_ends_the_wait_not_the_task()
    {
        var (client, program) = Open("Task(\"t\")", "public static partial Task<int> RunAsync(CancellationToken token);", "RunAsync(new CancellationToken(true))", "7");
        await using (client)
        {
            using var scope = client.Use();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => program.Call<Task<int>>("Run"));
        }
    }

    [Fact]
    public void It_is_known_by_name_and_does_not_run_here()
    {
        var registry = new TaskRegistry(new LoadedProgram(Source).Tasks);
        Assert.NotNull(registry.Find("proj.add"));
        Assert.Null(registry.FindRunnable("proj.add"));
    }

    private static async Task<string> SendAsync(string attribute, string method, string call)
    {
        var (client, program) = Open(attribute, method, call, "7");
        await using (client)
        {
            using var scope = client.Use();
            Assert.Equal(7, await program.Call<Task<int>>("Run"));
            return await SentBodyAsync(client);
        }
    }

    private static (TaskClient Client, LoadedProgram Program) Open(string attribute, string method, string call, string result, string returns = "Task<int>") => (
        new TaskClient(Transports.Create($"memory://{Guid.NewGuid():N}"), new Answering(result), new CeleriacOptions()),
        new LoadedProgram($$"""
            public record Order(int Id);
            public static partial class Tasks { [{{attribute}}] {{method}} }
            public static class Calls
            {
                public static {{(returns == "Task<int>" ? "" : "async ")}}{{returns}} Run() => {{(call.StartsWith("Run", StringComparison.Ordinal) ? "Tasks." : "")}}{{call}};
                private static async Task<int> Ended(Task task) { await task; return 7; }
                private static string? Show(object? value) => value is System.Collections.ICollection many ? $"{many.Count}" : value?.ToString();
            }
            """));

    private static async Task<Message> SentAsync(TaskClient client) => (await client.Transport.GetAsync(client.DefaultQueue, TestContext.Current.CancellationToken))!.Message;

    private static async Task<string> SentBodyAsync(TaskClient client) => Encoding.UTF8.GetString((await SentAsync(client)).Body.Span);

    /// <summary>A store in which every task has ended well.</summary>
    private sealed class Answering(string result) : IResultStore
    {
        public ValueTask<string?> PrepareAsync(string taskId, CancellationToken cancellationToken = default) => new((string?)null);

        public ValueTask<ResultRecord?> ReadAsync(string taskId, CancellationToken cancellationToken = default) => new(Record(taskId));

        public ValueTask<ResultRecord> WaitAsync(string taskId, CancellationToken cancellationToken = default) => new(Record(taskId));

        public ResultAttachment? Attach(ITransport transport, ResultRecord record, string? replyTo) => null;

        public ValueTask WriteAsync(ResultRecord record, string? replyTo, CancellationToken cancellationToken = default) => default;

        public ValueTask ForgetAsync(string taskId, CancellationToken cancellationToken = default) => default;

        public ValueTask DisposeAsync() => default;

        private ResultRecord Record(string taskId) => new() { TaskId = taskId, Status = "SUCCESS", Result = Encoding.UTF8.GetBytes(result) };
    }
}
