using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.SharedState;
using Celeriac.Working;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac.Tests.Canvas;

/// <summary>What becomes of chords that were left half way.</summary>
public sealed class ChordSweeperTests : IAsyncDisposable
{
    private static readonly CancellationToken s_never = CancellationToken.None;
    private readonly SetTime _time = new();
    private readonly TaskClient _client;
    private readonly ChordSweeper _sweeper;

    public ChordSweeperTests()
    {
        _client = TaskClient.Open(new CeleriacOptions { BrokerUrl = $"memory://{Guid.NewGuid():N}" }, new TransportContext { Time = _time });
        _sweeper = new ChordSweeper(_client, new Following(_client, new TaskRegistry([]), _time, NullLogger.Instance), _time, NullLogger.Instance);
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    [Fact]
    public async Task A_chord_that_is_complete_and_whose_last_worker_died_gets_its_body_once()
    {
        var (body, group) = await SendAsync();
        await EndAsync(group.Members);
        await _sweeper.SweepAsync(s_never);
        Assert.Equal(3, (await CountAsync()).Ready);
        _time.Advance(TimeSpan.FromMinutes(1));
        await _sweeper.SweepAsync(s_never);
        await _sweeper.SweepAsync(s_never);
        Assert.Equal(4, (await CountAsync()).Ready);
        Assert.Equal([body.Id], (await TakeAllAsync()).Where(delivery => delivery.Message.Headers.TextOf("task") == "conformance.total").Select(delivery => delivery.Message.Headers.TextOf("id")));
        Assert.Empty((await _client.Chords.Heads.ListAsync(10, null, s_never)).Heads);
    }

    [Fact]
    public async Task A_chord_whose_members_do_not_come_fails_at_its_deadline_and_not_before()
    {
        var (body, group) = await SendAsync();
        _time.Advance(TimeSpan.FromHours(23));
        await EndAsync(group.Members.Take(1));
        await _sweeper.SweepAsync(s_never);
        _time.Advance(TimeSpan.FromHours(23));
        await _sweeper.SweepAsync(s_never);
        Assert.False(await body.ReadyAsync(s_never));
        _time.Advance(TimeSpan.FromHours(2));
        await _sweeper.SweepAsync(s_never);
        var record = await body.RecordAsync(s_never);
        Assert.Equal(TaskStates.Failure, record?.Status);
        var failure = ExceptionCodec.Decode(record!.Result.Span, null);
        Assert.Equal(("ChordError", "Only 1 of 3 members have ended, and none within 86400 s (chord_deadline)"), (failure.Type, Assert.Single(failure.Arguments)));
    }

    [Fact]
    public async Task A_member_that_is_told_of_twice_counts_once_and_many_at_once_share_their_writes()
    {
        var (_, group) = await SendAsync(1000);
        var counts = await Task.WhenAll(group.Members.Concat(group.Members).Select((member, index) =>
            _client.Chords.Counter.AddAsync(group.Id, new ChordPart(index % 1000, member.Id, TaskStates.Success, TaskJson.Encode(index % 1000)), s_never).AsTask()));
        Assert.Equal(1000, counts.Max(count => count.Ended));
        Assert.Equal(Enumerable.Range(0, 1000), (await _client.Chords.Counter.ReadAsync(group.Id, s_never)).Select(part => TaskJson.Decode<int>(part.Result.Span)));
    }

    [Fact]
    public async Task Results_of_any_size_are_kept_whole()
    {
        var (_, group) = await SendAsync(2);
        var large = new string('x', 1_000_000);
        await _client.Chords.Counter.AddAsync(group.Id, new ChordPart(0, "a", TaskStates.Success, TaskJson.Encode(large)), s_never);
        await _client.Chords.Counter.AddAsync(group.Id, new ChordPart(1, "b", TaskStates.Success, TaskJson.Encode(1)), s_never);
        var parts = await _client.Chords.Counter.ReadAsync(group.Id, s_never);
        Assert.Equal(["a", "b"], parts.Select(part => part.TaskId));
        Assert.Equal(large, TaskJson.Decode<string>(parts[0].Result.Span));
    }

    private async Task<(AsyncResult<long> Body, GroupResult Group)> SendAsync(int members = 3)
    {
        var sent = await _client.SendAsync(Group.Of(Enumerable.Repeat(ConformanceTasks.AddTask.S(1), members)) | WorkflowTasks.TotalTask.Partial(), s_never);
        return (sent, sent.Parent!.Group!);
    }

    private async Task EndAsync(IEnumerable<AsyncResult> members)
    {
        foreach (var (index, member) in members.Index())
        {
            await _client.Chords.Counter.AddAsync((await _client.Chords.Heads.ListAsync(1, null, s_never)).Heads[0].GroupId, new ChordPart(index, member.Id, TaskStates.Success, TaskJson.Encode(1)), s_never);
        }
    }

    private async Task<QueueCounts> CountAsync() => Assert.IsType<QueueCounts>(await _client.Transport.CountAsync("celery", s_never));

    private async Task<List<Delivery>> TakeAllAsync()
    {
        List<Delivery> all = [];
        while (await _client.Transport.GetAsync("celery", s_never) is { } delivery)
        {
            all.Add(delivery);
        }
        return all;
    }

    private sealed class SetTime : TimeProvider
    {
        private long _ticks = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

        public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
    }
}
