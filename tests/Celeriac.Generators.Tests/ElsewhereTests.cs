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

    private static async Task<string> SentBodyAsync(TaskClient client)
    {
        var delivery = await client.Transport.GetAsync(client.DefaultQueue, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(delivery!.Message.Body.Span);
    }

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
