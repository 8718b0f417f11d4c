using System.Text;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Tests.Protocol;

public sealed class EncodeTests
{
    [Fact]
    public void Ids_and_times_stand_where_Celery_looks_for_them()
    {
        var eta = new DateTimeOffset(2030, 1, 2, 5, 4, 5, TimeSpan.FromHours(2)).AddTicks(1234567);
        var context = new EncodeContext("id-1", "root-1", "parent-1", "gen7@host", eta, eta.AddDays(1), "replies");
        var message = TaskMessageCodec.Encode(new Signature("math.add") { Options = new SendOptions { GroupId = "g", GroupIndex = 3 } }, context);
        Assert.Equal(("id-1", "replies"), (message.CorrelationId, message.ReplyTo));
        Assert.Equal("id-1", message.Headers.TextOf("id"));
        Assert.Equal("root-1", message.Headers.TextOf("root_id"));
        Assert.Equal("parent-1", message.Headers.TextOf("parent_id"));
        Assert.Equal("gen7@host", message.Headers.TextOf("origin"));
        Assert.Equal("2030-01-02T03:04:05.123456+00:00", message.Headers.TextOf("eta"));
        Assert.Equal("2030-01-03T03:04:05.123456+00:00", message.Headers.TextOf("expires"));
        Assert.Equal("g", message.Headers.TextOf("group"));
        Assert.Equal(3, message.Headers["group_index"].AsLong());
        Assert.Equal("cs", message.Headers.TextOf("lang"));
    }

    [Fact]
    public void Nothing_said_about_the_result_leaves_it_to_the_task()
    {
        Assert.True(Encode(new Signature("a")).Headers["ignore_result"].IsNull);
        Assert.False(Encode(new Signature("a") { Declared = TaskOptions.Default }).Headers["ignore_result"].AsBool());
        Assert.True(Encode(new Signature("a") { Declared = TaskOptions.Default, Options = new SendOptions { IgnoreResult = true } }).Headers["ignore_result"].AsBool());
    }

    [Fact]
    public void The_priority_is_the_calls_then_the_tasks_then_zero()
    {
        var declared = new Signature("a") { Declared = new TaskOptions { Priority = 4 } };
        Assert.Equal((byte)4, Encode(declared).Priority);
        Assert.Equal((byte)9, Encode(declared with { Options = new SendOptions { Priority = 9 } }).Priority);
        Assert.Equal((byte)0, Encode(new Signature("a")).Priority);
    }

    [Theory]
    [InlineData("task")]
    [InlineData("id")]
    [InlineData("retries")]
    [InlineData("compression")]
    [InlineData("stamps")]
    public void A_header_of_the_users_cannot_take_one_of_Celerys_names(string name)
    {
        var signature = new Signature("a") { Options = new SendOptions { Headers = new MessageHeaders([new(name, 1)]) } };
        var error = Assert.Throws<ArgumentException>(() => Encode(signature));
        Assert.Contains($"'{name}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_soft_limit_over_the_hard_one_is_refused()
    {
        var options = new SendOptions { TimeLimit = TimeSpan.FromSeconds(1), SoftTimeLimit = TimeSpan.FromSeconds(2) };
        Assert.Throws<ArgumentException>(() => Encode(new Signature("a") { Options = options }));
    }

    [Theory]
    [InlineData("{}", "{}", "args")]
    [InlineData("[]", "[]", "kwargs")]
    [InlineData("[1}", "{}", "args")]
    [InlineData("[nope]", "{}", "args")]
    [InlineData("[]", "{1}", "kwargs")]
    public void Arguments_that_are_not_JSON_are_refused(string args, string kwargs, string named)
    {
        var signature = new Signature("a") { Args = Encoding.UTF8.GetBytes(args), Kwargs = Encoding.UTF8.GetBytes(kwargs) };
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => Encode(signature)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip", "application/x-gzip")]
    [InlineData("zlib", "application/x-gzip")]
    [InlineData("brotli", "application/x-brotli")]
    public void A_compressed_message_is_read_again(string method, string header)
    {
        var message = Encode(new Signature("a") { Options = new SendOptions { Compression = method } }.WithArgs(new string('x', 10_000)));
        Assert.Equal(header, message.Headers.TextOf("compression"));
        Assert.True(message.Body.Length < 1000);
        var request = TaskMessageCodec.Decode(message, DecodeLimits.Default).Request!;
        Assert.Equal(10_004, request.Args.Length);
    }

    [Fact]
    public void An_unknown_compression_is_refused_by_name() =>
        Assert.Contains("'lzma'", Assert.Throws<ArgumentException>(() => Encode(new Signature("a") { Options = new SendOptions { Compression = "lzma" } })).Message, StringComparison.Ordinal);

    [Fact]
    public void A_hidden_argument_is_shown_as_the_sender_says()
    {
        var message = Encode(new Signature("a") { Options = new SendOptions { ArgsRepr = "('***',)", KwargsRepr = "{...}" } }.WithArgs("secret"));
        Assert.Equal(("('***',)", "{...}"), (message.Headers.TextOf("argsrepr"), message.Headers.TextOf("kwargsrepr")));
    }

    private static Message Encode(Signature signature) =>
        TaskMessageCodec.Encode(signature, new EncodeContext("id", "id", null, "gen1@host", signature.Options.Eta, signature.Options.Expires, "replies"));
}
