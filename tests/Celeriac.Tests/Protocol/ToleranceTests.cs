using System.IO.Compression;
using System.Text;
using Celeriac.Messaging;
using Celeriac.Protocol;
using static Celeriac.Tests.Protocol.TestMessages;

namespace Celeriac.Tests.Protocol;

/// <summary>The variations of CELERY-PROTOCOL section 21: what a Python worker runs runs here too, and what kills one is a fault here.</summary>
public sealed class ToleranceTests
{
    [Theory]
    [InlineData("[[2, 2], {}, {}]")]
    [InlineData("[[2, 2], {}, null]")]
    [InlineData("[[2, 2], {}, {\"chain\": [], \"callbacks\": []}]")]
    [InlineData("[[2, 2], {}, {\"something_new\": 1}]")]
    [InlineData(" [ [2, 2] , {} , {} ] ")]
    [InlineData("[[{\"__type__\": \"money\", \"__value__\": 1}], {}, {}]")]
    [InlineData("[[\"\\udc80\"], {}, {}]")]
    [InlineData("[[1e999, -0, 123456789012345678901234567890], {}, {}]")]
    public void A_body_that_Python_runs_is_read(string body) => Assert.Equal("math.add", Read(With(body)).Task);

    [Theory]
    [InlineData("[[2], null, {}]", "kwargs")]
    [InlineData("[null, {}, {}]", "args")]
    [InlineData("[[2], {}]", "2 elements")]
    [InlineData("[]", "0 elements")]
    [InlineData("[[2], {}, {}, {}]", "more than the three")]
    [InlineData("[[2], {}, []]", "third element")]
    [InlineData("[{}, [], {}]", "args")]
    [InlineData("{\"kwargs\": {}}", "without 'args'")]
    [InlineData("{\"args\": [2], \"kwargs\": null}", "kwargs")]
    [InlineData("{\"args\": [2]", "not JSON")]
    [InlineData("\"text\"", "[args, kwargs, embed]")]
    [InlineData("null", "[args, kwargs, embed]")]
    [InlineData("", "not JSON")]
    [InlineData("[[2], {}, {}] x", "not JSON")]
    [InlineData("[[2], {}, {}", "not JSON")]
    [InlineData("[[nan], {}, {}]", "not JSON")]
    [InlineData("[[NaN, nope], {}, {}]", "not JSON")]
    [InlineData("\uFEFF[[2], {}, {}]", "byte order mark")]
    public void A_malformed_body_is_a_fault_that_says_what_was_expected(string body, string named)
    {
        var fault = Fault(With(body));
        Assert.Equal(QuarantineReason.MalformedBody, fault.Reason);
        Assert.Contains(named, fault.Text, StringComparison.Ordinal);
        Assert.Equal(("id-1", "math.add", "replies", "id-1"), (fault.TaskId, fault.TaskName, fault.ReplyTo, fault.CorrelationId));
    }

    [Fact]
    public void A_body_that_is_not_UTF8_is_malformed()
    {
        var message = With() with { Body = (byte[])[.. "[[\""u8, 0xff, 0xfe, .. "\"], {}, {}]"u8] };
        Assert.Equal(QuarantineReason.MalformedBody, Fault(message).Reason);
    }

    [Theory]
    [InlineData("[[NaN, -Infinity, Infinity], {\"NaN\": \"Infinity \\\" NaN\"}, {}]", "[\"NaN\", \"-Infinity\", \"Infinity\"]", "{\"NaN\": \"Infinity \\\" NaN\"}")]
    [InlineData("[[[NaN]], {\"a\":NaN}, null]", "[[\"NaN\"]]", "{\"a\":\"NaN\"}")]
    public void Python_tokens_outside_texts_are_quoted_and_no_others(string body, string args, string kwargs)
    {
        var request = Read(With(body));
        Assert.Equal(args, Encoding.UTF8.GetString(request.Body.Span.Slice(request.Args.Start, request.Args.Length)));
        Assert.Equal(kwargs, Encoding.UTF8.GetString(request.Body.Span.Slice(request.Kwargs.Start, request.Kwargs.Length)));
    }

    [Fact]
    public void A_message_with_task_and_id_alone_is_read_and_its_embed_is_empty_where_null()
    {
        var request = Read(With("[[2], {}, null]") with { ContentEncoding = null, CorrelationId = null, ReplyTo = null });
        Assert.Equal((0, null, null, null, null), (request.Retries, request.RootId, request.ReplyTo, request.IgnoreResult, request.TimeLimit));
        Assert.Equal(0, request.Embed.Length);
    }

    [Fact]
    public void Null_headers_are_the_same_as_absent_ones()
    {
        string[] names = ["shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id", "parent_id", "argsrepr", "origin", "ignore_result", "compression"];
        var message = With(GoodBody, [.. names.Select(name => (name, HeaderValue.Null))]);
        var without = With();
        Assert.Equal(Read(without) with { Message = message, Body = message.Body }, Read(message));
    }

    [Theory]
    [InlineData("UTF-8")]
    [InlineData("utf8")]
    [InlineData("us-ascii")]
    [InlineData("binary")]
    public void Other_spellings_of_the_encoding_are_read(string encoding) => Assert.NotNull(Read(With() with { ContentEncoding = encoding }));

    [Theory]
    [InlineData(null, "application/json")]
    [InlineData("application/x-python-serialize", "pickle")]
    [InlineData("application/data", "json")]
    [InlineData("text/plain", "json")]
    public void Other_content_is_refused(string? contentType, string named)
    {
        var fault = Fault(With() with { ContentType = contentType });
        Assert.Equal(QuarantineReason.ContentRefused, fault.Reason);
        Assert.Contains(named, fault.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_character_encoding_is_refused() => Assert.Equal(QuarantineReason.ContentRefused, Fault(With() with { ContentEncoding = "latin-1" }).Reason);

    [Fact]
    public void A_gzip_file_under_zlibs_name_is_malformed()
    {
        using var gzip = new MemoryStream();
        using (var stream = new GZipStream(gzip, CompressionLevel.Fastest))
        {
            stream.Write(Encoding.UTF8.GetBytes(GoodBody));
        }
        var message = With(GoodBody, ("compression", "application/x-gzip")) with { Body = gzip.ToArray() };
        Assert.Equal(QuarantineReason.MalformedBody, Fault(message).Reason);
    }

    [Fact]
    public void An_unknown_compression_is_named() => Assert.Contains("snappy", Fault(With(GoodBody, ("compression", "snappy"))).Text, StringComparison.Ordinal);

    [Fact]
    public void A_message_without_task_or_id_is_no_task()
    {
        Assert.Equal(QuarantineReason.NotATask, Fault(With(GoodBody, ("task", HeaderValue.Null))).Reason);
        Assert.Equal(QuarantineReason.NotATask, Fault(With(GoodBody, ("id", HeaderValue.Null))).Reason);
    }
}
