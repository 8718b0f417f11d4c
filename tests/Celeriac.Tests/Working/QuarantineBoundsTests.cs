using Celeriac.Messaging;
using Celeriac.Working;
using Microsoft.Extensions.Logging;

namespace Celeriac.Tests.Working;

public sealed class QuarantineBoundsTests : IAsyncDisposable
{
    private static readonly DateTimeOffset s_start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly TaskClient _client = TaskClient.Open($"memory://{Guid.NewGuid():N}");
    private readonly SetTime _time = new() { Now = s_start };
    private readonly Lines _log = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    [Fact]
    public async Task The_oldest_go_and_each_is_logged_with_id_task_and_reason()
    {
        await FillAsync(5);
        await Bounds(maxCount: 3).KeepCountAsync("mail", Cancelled);
        Assert.Equal(["m2", "m3", "m4"], await IdsAsync());
        Assert.Equal(2, _log.Count);
        Assert.Equal("Message m0 of task mail.send was removed from mail.quarantine for good, because there were more than 3 (quarantine_max_count). It was put aside as Rejected: No.", _log[0]);
    }

    [Fact]
    public async Task Several_workers_at_once_remove_no_more_than_there_is_too_much()
    {
        await FillAsync(200);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Bounds(maxCount: 50).KeepCountAsync("mail", Cancelled), Cancelled)));
        Assert.True((await IdsAsync()).Count >= 50);
        await Bounds(maxCount: 50).KeepCountAsync("mail", Cancelled);
        Assert.Equal(Enumerable.Range(150, 50).Select(number => $"m{number}"), await IdsAsync());
    }

    [Fact]
    public async Task What_is_too_old_goes_and_the_rest_stays_in_its_order()
    {
        await FillAsync(4);
        _time.Now = s_start + TimeSpan.FromDays(1) + TimeSpan.FromMinutes(1);
        await Bounds(maxAge: TimeSpan.FromDays(1)).KeepAgeAsync("mail", Cancelled);
        Assert.Equal(["m2", "m3"], await IdsAsync());
        Assert.Contains("because it was older than 1 days (quarantine_max_age)", _log[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_message_that_is_young_is_not_looked_at_again_before_it_is_too_old()
    {
        await FillAsync(1);
        var bounds = Bounds(maxAge: TimeSpan.FromDays(1));
        await bounds.KeepAgeAsync("mail", Cancelled);
        await bounds.KeepAgeAsync("mail", Cancelled);
        var delivery = (await _client.Transport.GetAsync("mail.quarantine", Cancelled))!;
        await delivery.RequeueAsync(Cancelled);
        _time.Now = s_start + TimeSpan.FromDays(1);
        await bounds.KeepAgeAsync("mail", Cancelled);
        Assert.Empty(await IdsAsync());
    }

    [Fact]
    public async Task Bounds_of_0_and_a_quarantine_that_is_not_there_change_nothing()
    {
        await Bounds(maxCount: 1, maxAge: TimeSpan.FromDays(1)).KeepCountAsync("mail", Cancelled);
        await Bounds(maxCount: 1, maxAge: TimeSpan.FromDays(1)).KeepAgeAsync("mail", Cancelled);
        Assert.Null(await _client.Transport.CountAsync("mail.quarantine", Cancelled));
        await FillAsync(3);
        _time.Now = s_start + TimeSpan.FromDays(1000);
        await Bounds().KeepCountAsync("mail", Cancelled);
        await Bounds().KeepAgeAsync("mail", Cancelled);
        Assert.Equal(3, (await IdsAsync()).Count);
    }

    [Fact]
    public async Task A_message_without_a_time_is_passed_over_and_kept()
    {
        await _client.Transport.DeclareAsync(Topology.Queue("mail.quarantine"), Cancelled);
        await _client.Transport.PublishAsync(Publication.ToQueue("mail.quarantine", new Message { Body = "x"u8.ToArray(), Headers = new MessageHeaders([new("id", "foreign")]) }), Cancelled);
        await FillAsync(2);
        _time.Now = s_start + TimeSpan.FromDays(1) + TimeSpan.FromSeconds(1);
        await Bounds(maxAge: TimeSpan.FromDays(1)).KeepAgeAsync("mail", Cancelled);
        Assert.Equal(["foreign", "m1"], await IdsAsync());
    }

    private QuarantineBounds Bounds(int maxCount = 0, TimeSpan maxAge = default) => new(_client, maxCount, maxAge, _time, _log);

    private async Task<IReadOnlyList<string>> IdsAsync() => [.. (await new Quarantine(_client, "mail").ListAsync(1000, Cancelled)).Select(message => message.Id)];

    /// <summary>Messages m0, m1 … put aside a minute after each other.</summary>
    private async Task FillAsync(int count)
    {
        await _client.Transport.DeclareAsync(Topology.Queue("mail.quarantine"), Cancelled);
        for (var number = 0; number < count; number++)
        {
            var message = new Message { Body = "[[], {}, {}]"u8.ToArray(), Priority = (byte)(number % 5), Headers = new MessageHeaders([new("id", $"m{number}"), new("task", "mail.send")]) };
            var delivery = new Delivery(_client.Transport, message, "mail", default);
            await _client.Transport.PublishAsync(QuarantineMessage.Of(delivery, QuarantineReason.Rejected, "No.", "w@test", s_start + TimeSpan.FromMinutes(number)), Cancelled);
        }
    }

    private sealed class SetTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private sealed class Lines : List<string>, ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (this)
            {
                Add(formatter(state, exception));
            }
        }
    }
}
