using System.Text;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.SharedState;
using Celeriac.Working;

namespace Celeriac.Tests.SharedState;

/// <summary>Whose checkpoint counts when a task has more than one run.</summary>
public sealed class CheckpointTests
{
    private readonly RunCheckpoints _checkpoints = new(new StateHome(new MemoryQueueStore(TimeProvider.System).State, "", null, TimeProvider.System));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_late_save_of_a_run_that_froze_is_refused_once_its_successor_has_saved()
    {
        var (frozen, successor) = (Run(deaths: 0), Run(deaths: 1));
        await SaveAsync(frozen, "1");
        Assert.Equal("1", await ReadAsync(successor));
        await SaveAsync(successor, "2");

        var refusal = await Assert.ThrowsAsync<SharedStateException>(() => SaveAsync(frozen, "late"));
        Assert.Contains("a later run", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("2", await ReadAsync(successor));
        await SaveAsync(successor, "3");
        Assert.Equal("3", await ReadAsync(successor));
    }

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(1, 0, 0)]
    public async Task A_retry_and_what_comes_from_the_quarantine_save_whatever_was_before(int quarantined, int retries, int deaths)
    {
        await SaveAsync(Run(deaths: 2), "before");
        await SaveAsync(Run(quarantined, retries, deaths), "after");
        await Assert.ThrowsAsync<SharedStateException>(() => SaveAsync(Run(deaths: 2), "late"));
        Assert.Equal("after", await ReadAsync(Run()));
    }

    private static TaskRequest Run(int quarantined = 0, int retries = 0, int deaths = 0)
    {
        var request = RevocationLogTests.Request("task");
        var headers = quarantined > 0 ? MessageHeaders.Empty.With("x-celeriac-quarantine-count", quarantined) : MessageHeaders.Empty;
        return request with { Retries = retries, Deaths = deaths, Message = request.Message with { Headers = headers } };
    }

    private Task SaveAsync(TaskRequest run, string text) => _checkpoints.SaveAsync(run, Encoding.UTF8.GetBytes(text), Cancelled).AsTask();

    private async Task<string> ReadAsync(TaskRequest run) => Encoding.UTF8.GetString((await _checkpoints.ReadAsync(run, Cancelled))!.Value.Span);
}
