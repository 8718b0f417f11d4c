using System.Text;
using System.Text.Json;
using Celeriac.Protocol;

namespace Celeriac.Redis.Tests;

/// <summary>What stands in Redis is what Celery writes, and what Celery wrote is read.</summary>
public sealed class WireTests : RedisTest
{
    [Fact]
    public async Task A_record_is_a_key_with_a_lifetime_and_Celerys_json()
    {
        var id = NewId();
        await Open(Server.Url, TimeSpan.FromHours(2)).WriteAsync(RecordOf(id) with { DateDone = new DateTimeOffset(2026, 11, 22, 5, 42, 39, TimeSpan.Zero) }, null, Cancelled);

        Assert.Equal(
            $$"""{"status":"SUCCESS","result":1,"traceback":null,"children":[],"date_done":"2026-11-22T05:42:39.000000+00:00","task_id":"{{id}}"}""",
            await Server.ControlAsync("GET", KeyOf(id)));
        Assert.InRange(int.Parse(await Server.ControlAsync("TTL", KeyOf(id)), null), 7190, 7200);
    }

    [Fact]
    public async Task Without_result_expires_a_record_has_no_lifetime()
    {
        var id = NewId();
        await Open(Server.Url, TimeSpan.Zero).WriteAsync(RecordOf(id), null, Cancelled);
        Assert.Equal("-1", await Server.ControlAsync("TTL", KeyOf(id)));
    }

    [Fact]
    public async Task A_lifetime_below_a_second_is_a_second()
    {
        var id = NewId();
        await Open(Server.Url, TimeSpan.FromMilliseconds(1)).WriteAsync(RecordOf(id), null, Cancelled);
        await EventuallyAsync(async () => await Server.ControlAsync("EXISTS", KeyOf(id)) == "0");
    }

    [Fact]
    public async Task A_wait_hears_what_Python_sets_and_publishes()
    {
        var id = NewId();
        var waiting = Open(Server.Url).WaitAsync(id, Cancelled).AsTask();
        await SubscribedAsync(KeyOf(id));
        await Server.ControlAsync("PUBLISH", KeyOf(id), $$"""{"status": "SUCCESS", "result": 7, "traceback": null, "children": [], "date_done": "2026-11-22T05:42:39.551657", "task_id": "{{id}}"}""");

        var record = await waiting;
        Assert.Equal("7", Encoding.UTF8.GetString(record.Result.Span));
        Assert.Equal(new DateTimeOffset(2026, 11, 22, 5, 42, 39, 551, 657, TimeSpan.Zero), record.DateDone);
    }

    [Fact]
    public async Task What_is_no_record_ends_no_wait()
    {
        var id = NewId();
        var store = Open(Server.Url);
        var waiting = store.WaitAsync(id, Cancelled).AsTask();
        await SubscribedAsync(KeyOf(id));
        foreach (var text in new[] { "", "x", "[]", """{"status":"SUCCESS","task_id":"another"}""", $$"""{"status":"STARTED","task_id":"{{id}}"}""" })
        {
            await Server.ControlAsync("PUBLISH", KeyOf(id), text);
        }
        await store.WriteAsync(RecordOf(id), null, Cancelled);
        Assert.Equal("1", Encoding.UTF8.GetString((await waiting).Result.Span));
    }

    [Fact]
    public async Task A_task_is_subscribed_to_only_while_somebody_waits()
    {
        var id = NewId();
        using var leave = new CancellationTokenSource();
        var store = Open(Server.Url);
        var waits = new[] { store.WaitAsync(id, leave.Token).AsTask(), store.WaitAsync(id, leave.Token).AsTask() };
        await SubscribedAsync(KeyOf(id));
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits[0]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits[1]);
        await EventuallyAsync(async () => await Server.ControlAsync("PUBSUB", "NUMSUB", KeyOf(id)) == $"{KeyOf(id)}\n0");
    }

    [Theory]
    [InlineData("""{"status": "SUCCESS", "result": 7, "task_id": "ID"}""", true)]
    [InlineData("""{"task_id": "ID", "result": {"status": "FAILURE"}, "status": "SUCCESS"}""", true)]
    [InlineData("""{"result": NaN, "status": "SUCCESS", "task_id": "ID"}""", true)]
    [InlineData("""{"status": "FAILURE", "result": {"status": "SUCCESS"}, "task_id": "ID"}""", false)]
    [InlineData("""{"result": {"status": "SUCCESS"}, "status": "RETRY", "task_id": "ID"}""", false)]
    [InlineData("""no record with "status": "SUCCESS" in it""", false)]
    [InlineData("[]", false)]
    public async Task Only_a_record_of_success_stays(string before, bool stays)
    {
        var id = NewId();
        before = before.Replace("ID", id, StringComparison.Ordinal);
        await Server.ControlAsync("SET", KeyOf(id), before);
        await Open(Server.Url).WriteAsync(RecordOf(id, TaskStates.Started, "2"), null, Cancelled);

        Assert.Equal(stays, await Server.ControlAsync("GET", KeyOf(id)) == before);
    }

    [Fact]
    public async Task Every_record_that_Python_left_is_read()
    {
        var store = Open(Server.Url);
        var count = 0;
        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "golden", "redis-keys-5.2.6.jsonl"), Cancelled))
        {
            using var key = JsonDocument.Parse(line);
            var name = key.RootElement.GetProperty("key").GetString()!;
            if (!name.StartsWith("celery-task-meta-", StringComparison.Ordinal))
            {
                continue;
            }
            await Server.ControlAsync("SET", name, key.RootElement.GetProperty("value").GetString()!);
            var record = await store.WaitAsync(name["celery-task-meta-".Length..], Cancelled);
            Assert.NotNull(record.DateDone);
            count++;
        }
        Assert.Equal(41, count);
    }

    [Fact]
    public async Task A_server_that_has_forgotten_its_scripts_is_given_them_again()
    {
        var store = Open(Server.Url);
        var id = NewId();
        await store.WriteAsync(RecordOf(id, TaskStates.Started), null, Cancelled);
        await Server.ControlAsync("SCRIPT", "FLUSH");
        await store.WriteAsync(RecordOf(id), null, Cancelled);
        Assert.Equal(TaskStates.Success, (await store.ReadAsync(id, Cancelled))?.Status);
    }

    [Theory]
    [InlineData("shop", "shop_")]
    [InlineData("shop:", "shop:")]
    [InlineData("shop.", "shop.")]
    public async Task A_prefix_stands_before_key_and_channel(string prefix, string expected)
    {
        var id = NewId();
        var store = Open($"{Server.Url}?global_keyprefix={prefix}");
        var waiting = store.WaitAsync(id, Cancelled).AsTask();
        await SubscribedAsync($"{expected}{KeyOf(id)}");
        await store.WriteAsync(RecordOf(id), null, Cancelled);
        Assert.Equal(id, (await waiting).TaskId);
        Assert.Equal("1", await Server.ControlAsync("EXISTS", $"{expected}{KeyOf(id)}"));
    }

    [Fact]
    public async Task The_path_is_the_database()
    {
        var id = NewId();
        await Open($"{Server.Url}3").WriteAsync(RecordOf(id), null, Cancelled);
        Assert.Equal("1", await Server.ControlAsync("-n", "3", "EXISTS", KeyOf(id)));
        Assert.Equal("0", await Server.ControlAsync("EXISTS", KeyOf(id)));
    }

    private static Task SubscribedAsync(string channel) =>
        EventuallyAsync(async () => await Server.ControlAsync("PUBSUB", "NUMSUB", channel) == $"{channel}\n1");
}
