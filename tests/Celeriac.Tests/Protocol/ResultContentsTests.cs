using System.Text;
using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;
using Celeriac.Protocol;

namespace Celeriac.Tests.Protocol;

public sealed class ResultContentsTests
{
    private const string Json = """{"status": "SUCCESS", "result": 5, "task_id": "t"}""";
    private const string Yaml = "children: []\ndate_done: '2026-01-01T00:00:00'\nresult: 5\nstatus: SUCCESS\ntask_id: t\ntraceback: null\n";
    private static readonly ResultContents s_yaml = ResultContents.Of(new CeleriacOptions { AcceptContent = ["yaml"], Formats = { YamlContent.Format } });

    [Theory]
    [InlineData(Json, "application/json")]
    [InlineData(Json, null)]
    [InlineData(Yaml, "application/x-yaml")]
    public void A_reply_is_read_as_its_content_type_says_and_json_always(string body, string? type)
    {
        Assert.True(s_yaml.TryRead(Reply(body, type), out var record));
        Assert.Equal(("t", "SUCCESS", "5"), (record.TaskId, record.Status, Encoding.UTF8.GetString(record.Result.Span)));
    }

    [Theory]
    [InlineData(Json)]
    [InlineData(Yaml)]
    public void A_stored_record_is_read_in_the_first_accepted_format_that_fits(string stored) =>
        Assert.Equal(("t", "5"), (s_yaml.Read("t", Encoding.UTF8.GetBytes(stored)).TaskId, Encoding.UTF8.GetString(s_yaml.Read("t", Encoding.UTF8.GetBytes(stored)).Result.Span)));

    [Fact]
    public void What_is_not_accepted_is_refused_with_the_setting_that_helps()
    {
        var reply = Assert.Throws<ContentException>(() => ResultContents.Json.TryRead(Reply(Yaml, "application/x-yaml"), out _));
        Assert.Contains("The result of task 't' cannot be read. Content type 'application/x-yaml' is not accepted here. Accepted: json", reply.Message, StringComparison.Ordinal);
        Assert.Contains("To read yaml, reference Celeriac.Yaml, call UseYaml() and name yaml in AcceptContent (accept_content).", reply.Message, StringComparison.Ordinal);
        var stored = Assert.Throws<ContentException>(() => ResultContents.Json.Read("t", Encoding.UTF8.GetBytes(Yaml)));
        Assert.Contains("The stored result of task 't' cannot be read: it is no record of Celery's in json. Set result_serializer to json in Python; if it is yaml, reference Celeriac.Yaml", stored.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pickle_is_named_and_never_read()
    {
        Assert.Contains("never reads pickle", Assert.Throws<ContentException>(() => s_yaml.TryRead(Reply("x", "application/x-python-serialize"), out _)).Message, StringComparison.Ordinal);
        Assert.Contains("it seems to be pickle, which is never read", Assert.Throws<ContentException>(() => s_yaml.Read("t", new byte[] { 0x80, 4, 0x95 })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status: [", "application/x-yaml")]
    [InlineData("- &a [*a, *a]", "application/x-yaml")]
    public void A_damaged_body_is_refused(string body, string type) => Assert.Throws<ContentException>(() => s_yaml.TryRead(Reply(body, type), out _));

    [Theory]
    [InlineData("status: SUCCESS", "application/x-yaml")]
    [InlineData("[1]", "application/json")]
    public void What_is_no_record_is_none(string body, string type) => Assert.False(s_yaml.TryRead(Reply(body, type), out _));

    private static Message Reply(string body, string? type) => new() { Body = Encoding.UTF8.GetBytes(body), ContentType = type, ContentEncoding = "utf-8", CorrelationId = "t" };
}
