using System.Diagnostics;
using System.Text;
using Celeriac.Protocol;

namespace Celeriac.Conformance;

/// <summary>What a caller and a worker may rely on, whatever keeps their results. A store's test project is a constructor and this base class.</summary>
/// <typeparam name="THarness">Where the facts run.</typeparam>
public abstract partial class ResultStoreConformance<THarness> : IAsyncLifetime where THarness : ResultStoreHarness, new()
{
    private const int Limit = 120_000;
    private IResultStore? _caller;
    private IResultStore? _worker;

    /// <summary>The place of this fact.</summary>
    protected THarness Harness { get; } = new();

    /// <summary>The client that waits.</summary>
    protected IResultStore Caller => _caller ??= Harness.Open();

    /// <summary>The client that writes.</summary>
    protected IResultStore Worker => _worker ??= Harness.Open();

    /// <summary>Ends with the test.</summary>
    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => Harness.StartAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A task that the caller has sent.</summary>
    protected async Task<Sent> SendAsync()
    {
        var id = Guid.NewGuid().ToString();
        return new Sent(id, await Caller.PrepareAsync(id, Cancelled));
    }

    /// <summary>A record of a task, as a worker writes it.</summary>
    protected static ResultRecord RecordOf(Sent task, string status, string result = "null") => new()
    {
        TaskId = task.Id,
        Status = status,
        Result = Encoding.UTF8.GetBytes(TaskStates.IsException(status) && result == "null" ? """{"exc_type":"ValueError","exc_message":["boom"],"exc_module":"builtins"}""" : result),
        DateDone = TaskStates.IsReady(status) ? new DateTimeOffset(2026, 11, 22, 5, 42, 39, TimeSpan.Zero) : null,
    };

    /// <summary>The worker writes a record.</summary>
    protected Task WriteAsync(Sent task, string status, string result = "null") => WriteAsync(task, RecordOf(task, status, result));

    /// <summary>The worker writes a record.</summary>
    protected async Task WriteAsync(Sent task, ResultRecord record) => await Worker.WriteAsync(record, task.ReplyTo, Cancelled);

    /// <summary>The caller waits, at most the harness's patience.</summary>
    protected async Task<ResultRecord> WaitAsync(Sent task)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        patience.CancelAfter(Harness.Patience);
        return await Caller.WaitAsync(task.Id, patience.Token);
    }

    /// <summary>The caller comes to read this state.</summary>
    protected Task ReadsAsync(Sent task, string status) =>
        EventuallyAsync(async () => (await Caller.ReadAsync(task.Id, Cancelled))?.Status == status, $"the state {status} is read");

    /// <summary>The result of a record as text.</summary>
    protected static string ResultOf(ResultRecord record) => Encoding.UTF8.GetString(record.Result.Span);

    /// <summary>Fails unless the condition comes true within the harness's patience.</summary>
    protected async Task EventuallyAsync(Func<Task<bool>> condition, string what)
    {
        var started = Stopwatch.GetTimestamp();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Harness.Patience, $"This did not come true: {what}.");
            await pause.WaitForNextTickAsync(Cancelled);
        }
    }

    /// <summary>A task that was sent.</summary>
    /// <param name="Id">Its id.</param>
    /// <param name="ReplyTo">Where its replies go; null where they are kept.</param>
    protected sealed record Sent(string Id, string? ReplyTo);
}
