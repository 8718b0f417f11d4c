using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Celeriac.Protocol;

namespace Celeriac.Tests.Protocol;

public sealed class ResultCodecTests
{
    private static readonly DateTimeOffset s_done = new DateTimeOffset(2026, 11, 22, 5, 54, 14, TimeSpan.Zero).AddTicks(6480070);

    [Fact]
    public void A_record_is_written_with_Celerys_keys_in_order()
    {
        var record = new ResultRecord { TaskId = "id", Status = TaskStates.Success, Result = "3"u8.ToArray(), DateDone = s_done, GroupId = "g", ParentId = "p" };
        Assert.Equal(
            """{"status":"SUCCESS","result":3,"traceback":null,"children":[],"date_done":"2026-11-22T05:54:14.648007+00:00","group_id":"g","parent_id":"p","task_id":"id"}""",
            Encoding.UTF8.GetString(ResultCodec.Encode(record).Span));
    }

    [Fact]
    public void Group_and_parent_are_absent_where_the_task_has_none_and_an_unfinished_task_has_no_date()
    {
        var record = new ResultRecord { TaskId = "id", Status = TaskStates.Started };
        Assert.Equal("""{"status":"STARTED","result":null,"traceback":null,"children":[],"date_done":null,"task_id":"id"}""", Encoding.UTF8.GetString(ResultCodec.Encode(record).Span));
    }

    [Fact]
    public void An_extended_record_survives_the_wire()
    {
        var record = new ResultRecord
        {
            TaskId = "id",
            Status = TaskStates.Failure,
            Result = ExceptionCodec.Encode(new TaskFailure("ValueError", "builtins", ["ü\"\n"], null)),
            Traceback = "Traceback (most recent call last):\n…",
            Children = """[[["child",null],null]]"""u8.ToArray(),
            DateDone = s_done,
            Name = "math.add",
            Worker = "celeriac@host",
            Retries = 2,
            Queue = "celery",
            Args = "[1,2]"u8.ToArray(),
            Kwargs = "{\"y\":3}"u8.ToArray(),
        };
        var json = ResultCodec.Encode(record);
        Assert.True(ResultCodec.TryDecode(json, out var read));
        Assert.Equal(record with { Result = read.Result, Children = read.Children, Args = read.Args, Kwargs = read.Kwargs }, read);
        Assert.Equal(record.Result.ToArray(), read.Result.ToArray());
        Assert.Equal(record.Children.ToArray(), read.Children.ToArray());
        Assert.Equal(record.Args.ToArray(), read.Args.ToArray());
        Assert.Equal(record.Kwargs.ToArray(), read.Kwargs.ToArray());
    }

    [Fact]
    public void Every_record_that_Python_left_in_Redis_is_read_and_written_back_with_the_same_content()
    {
        var count = 0;
        foreach (var line in GoldenMessages.Lines("redis-keys-5.2.6.jsonl").Where(line => line.Contains("celery-task-meta", StringComparison.Ordinal)))
        {
            var json = JsonDocument.Parse(line).RootElement.GetProperty("value").GetString()!;
            Assert.True(ResultCodec.TryDecode(Encoding.UTF8.GetBytes(json), out var record));
            var expected = JsonNode.Parse(json)!.AsObject();
            var actual = JsonNode.Parse(ResultCodec.Encode(record).Span)!.AsObject();
            // Celery 5.2 leaves out the offset.
            expected["date_done"] = expected["date_done"] + "+00:00";
            Assert.True(JsonNode.DeepEquals(expected, actual), actual.ToJsonString());
            count++;
        }
        Assert.Equal(41, count);
    }

    [Fact]
    public void Every_reply_that_Python_sent_is_read_without_date_group_and_parent()
    {
        var records = GoldenMessages.Lines("rpc-results-5.2.6.jsonl").Select(line => (Json: JsonNode.Parse(line)!.AsObject(), Record: ResultCodec.TryDecode(Encoding.UTF8.GetBytes(line), out var record) ? record : null)).ToList();
        Assert.Equal(38, records.Count);
        Assert.All(records, pair =>
        {
            Assert.Equal((pair.Json["task_id"]!.GetValue<string>(), pair.Json["status"]!.GetValue<string>()), (pair.Record?.TaskId, pair.Record?.Status));
            Assert.Equal(((DateTimeOffset?)null, null, null), (pair.Record!.DateDone, pair.Record.GroupId, pair.Record.ParentId));
            var written = JsonNode.Parse(ResultCodec.Encode(pair.Record).Span)!.AsObject();
            written.Remove("date_done");
            Assert.True(JsonNode.DeepEquals(pair.Json, written), written.ToJsonString());
        });
    }

    [Fact]
    public void Stamps_are_members_of_the_record_wherever_their_list_stands()
    {
        var json = """{"customer": "acme", "status": "SUCCESS", "unknown": 1, "tags": ["a", {"b": NaN}], "stamped_headers": ["customer", "tags", "gone", 5], "task_id": "a"}"""u8.ToArray();
        Assert.True(ResultCodec.TryDecode(json, out var record));
        Assert.Equal(["customer", "tags", "gone"], record.StampedHeaders);
        Assert.Equal("""{"customer":"acme","tags":["a", {"b": "NaN"}]}""", Encoding.UTF8.GetString(record.Stamps.Span));
        var written = JsonNode.Parse(ResultCodec.Encode(record).Span)!;
        Assert.Equal("acme", (string?)written["customer"]);
        Assert.Null(written["unknown"]);
    }

    [Theory]
    [InlineData("""{"task_id": "a", "status": "SUCCESS", "stamped_headers": null}""")]
    [InlineData("""{"task_id": "a", "status": "SUCCESS", "stamped_headers": "customer", "customer": 1}""")]
    [InlineData("""{"task_id": "a", "status": "SUCCESS", "stamped_headers": [["customer"]], "customer": 1}""")]
    public void A_malformed_list_of_stamps_is_none(string json)
    {
        Assert.True(ResultCodec.TryDecode(Encoding.UTF8.GetBytes(json), out var record));
        Assert.Equal((0, true), (record.StampedHeaders.Count, record.Stamps.IsEmpty));
    }

    [Fact]
    public void A_stamp_does_not_take_the_place_of_a_member()
    {
        var record = new ResultRecord { TaskId = "id", Status = TaskStates.Success, StampedHeaders = ["status", "task_id"], Stamps = """{"status":"FAILURE","task_id":"other"}"""u8.ToArray() };
        Assert.True(ResultCodec.TryDecode(ResultCodec.Encode(record), out var read));
        Assert.Equal(("id", TaskStates.Success), (read.TaskId, read.Status));
    }

    [Theory]
    [InlineData("""{"task_id": "a", "status": "SUCCESS", "result": NaN}""", "\"NaN\"")]
    [InlineData("""{"status": "SUCCESS", "unknown": {"a": [1]}, "task_id": "a", "result": [1, 2], "date_done": 5, "traceback": ["x"], "retries": "1"}""", "[1, 2]")]
    [InlineData("""{"status": "SUCCESS", "task_id": "a"}""", "null")]
    [InlineData("""{"status": "SUCCESS", "task_id": "a", "result": 1, "traceback": "\udc80"}""", "1")]
    public void Other_forms_are_read(string json, string result)
    {
        Assert.True(ResultCodec.TryDecode(Encoding.UTF8.GetBytes(json), out var record));
        Assert.Equal(("a", TaskStates.Success), (record.TaskId, record.Status));
        Assert.Equal(result, Encoding.UTF8.GetString(record.Result.Span));
        Assert.Null(record.DateDone);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"task_id": "a"}""")]
    [InlineData("""{"status": "SUCCESS"}""")]
    [InlineData("""{"task_id": 5, "status": "SUCCESS"}""")]
    [InlineData("""{"task_id": "a", "status": ""}""")]
    [InlineData("""{"task_id": "a", "status": "SUCCESS"} x""")]
    [InlineData("""{"task_id": "a", "status": "SUCCESS", "result": NaN""")]
    public void What_is_no_record_is_refused(string json) => Assert.False(ResultCodec.TryDecode(Encoding.UTF8.GetBytes(json), out _));

    [Fact]
    public void A_record_nested_without_end_is_refused() =>
        Assert.False(ResultCodec.TryDecode(Encoding.UTF8.GetBytes($$"""{"task_id": "a", "status": "SUCCESS", "result": {{new string('[', 100_000)}}"""), out _));

    [Fact]
    public void A_record_cut_at_any_byte_is_refused()
    {
        var json = ResultCodec.Encode(new ResultRecord { TaskId = "id", Status = TaskStates.Success, Result = "\"ü\""u8.ToArray(), DateDone = s_done });
        for (var length = 0; length < json.Length; length++)
        {
            Assert.False(ResultCodec.TryDecode(json[..length], out _));
        }
    }

    [Theory]
    [InlineData(TaskStates.Success, true, false)]
    [InlineData(TaskStates.Failure, true, true)]
    [InlineData(TaskStates.Revoked, true, true)]
    [InlineData(TaskStates.Retry, false, true)]
    [InlineData(TaskStates.Pending, false, false)]
    [InlineData(TaskStates.Started, false, false)]
    [InlineData("PROGRESS", false, false)]
    [InlineData(null, false, false)]
    public void States_are_ready_or_hold_an_exception(string? state, bool isReady, bool isException) =>
        Assert.Equal((isReady, isException), (TaskStates.IsReady(state), TaskStates.IsException(state)));
}
