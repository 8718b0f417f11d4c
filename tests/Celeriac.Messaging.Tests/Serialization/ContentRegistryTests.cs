using System.Text;
using Celeriac.Messaging.Compression;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Messaging.Tests.Serialization;

public sealed class ContentRegistryTests
{
    [Theory]
    [InlineData("application/json", "json")]
    [InlineData("Application/JSON", "json")]
    [InlineData("application/json; charset=utf-8", "json")]
    [InlineData("application/json;charset=\"UTF-8\";profile=x", "json")]
    [InlineData("text/plain", "text")]
    [InlineData("application/text; charset=us-ascii", "text")]
    [InlineData("application/data", "bytes")]
    [InlineData("application/octet-stream", "bytes")]
    [InlineData(null, "bytes")]
    public void A_content_type_gives_its_format(string? contentType, string name) => Assert.Equal(name, ContentRegistry.Default.Require(contentType).Name);

    [Theory]
    [InlineData("application/x-yaml", "Content type 'application/x-yaml' is not accepted here. Accepted: json (application/json), text (text/plain), bytes (application/data).")]
    [InlineData("json", "Content type 'json' is not accepted here.")]
    [InlineData("", "Content type '' is not accepted here.")]
    [InlineData("a\nb", "Content type 'a\ufffdb' is not accepted here.")]
    [InlineData("application/json; charset=latin-1", "names a character set that is not read")]
    [InlineData("application/x-python-serialize", "Celeriac never reads pickle")]
    [InlineData("Application/x-Python-Serialize; charset=binary", "Celeriac never reads pickle")]
    public void Another_content_type_is_refused_by_name(string contentType, string fault)
    {
        var error = Assert.Throws<ContentRefusedException>(() => ContentRegistry.Default.Require(contentType));

        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
        Assert.Equal(contentType, error.ContentType);
    }

    [Fact]
    public void A_huge_content_type_makes_a_short_error() =>
        Assert.True(Assert.Throws<ContentRefusedException>(() => ContentRegistry.Default.Require(new string('x', 1_000_000))).Message.Length < 400);

    [Fact]
    public void An_allow_list_takes_names_and_media_types()
    {
        var registry = ContentRegistry.Default.Accepting("json", "text/plain");

        Assert.Equal(["json", "text"], registry.Accepted.Select(format => format.Name));
        var error = Assert.Throws<ContentRefusedException>(() => registry.Require(null));
        Assert.Equal("A message without content type counts as bytes and is not accepted here. Accepted: json (application/json), text (text/plain). Let the sender use one of these, or accept it.", error.Message);
    }

    [Theory]
    [InlineData("pickle", "Celeriac never reads pickle")]
    [InlineData("application/x-python-serialize", "Celeriac never reads pickle")]
    [InlineData("jsno", "Content 'jsno' is unknown. Did you mean 'json'? Known: json (application/json)")]
    public void Pickle_and_unknown_names_cannot_be_accepted(string name, string fault) =>
        Assert.Contains(fault, Assert.Throws<ArgumentException>(() => ContentRegistry.Default.Accepting(name)).Message, StringComparison.Ordinal);

    [Fact]
    public void Pickle_cannot_be_added_as_a_format() =>
        Assert.Contains("never reads pickle", Assert.Throws<ArgumentException>(() => new ContentFormat("python", "binary", "application/x-python-serialize")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_further_format_is_known_and_accepted()
    {
        var registry = ContentRegistry.Default.Accepting("json").With(new ContentFormat("msgpack", "binary", "application/x-msgpack"));

        Assert.Equal("msgpack", registry.Require("application/x-msgpack").Name);
        Assert.Equal(["json", "msgpack"], registry.Accepting("json", "msgpack").Accepted.Select(format => format.Name));
    }

    [Fact]
    public void A_further_compression_is_read_and_written()
    {
        var registry = ContentRegistry.Default.With(new Backwards());

        var opened = registry.Open(new Message { Body = "olleh"u8.ToArray(), ContentType = "text/plain", Headers = new([new(Compressor.Header, "backwards")]) });

        Assert.Equal("hello", Encoding.UTF8.GetString(opened.Body.Span));
    }

    [Fact]
    public void The_type_is_checked_before_the_body_is_looked_at()
    {
        var damaged = new Message { Body = new byte[1000], ContentType = "application/x-yaml", Headers = new([new(Compressor.Header, "zlib")]) };

        Assert.Throws<ContentRefusedException>(() => ContentRegistry.Default.Open(damaged));
    }

    [Fact]
    public void A_body_over_the_limit_is_refused_before_and_after_decompression()
    {
        var registry = ContentRegistry.Default with { MaximumBodyBytes = 100 };
        var compressed = Compressor.Zlib.Compress(new byte[101]);

        Assert.Contains("has 101 bytes, but at most 100 are read", TooLarge(registry, new Message { Body = new byte[101] }), StringComparison.Ordinal);
        Assert.Contains(
            "decompresses to more than 100 bytes",
            TooLarge(registry, new Message { Body = compressed, Headers = new([new(Compressor.Header, "application/x-gzip")]) }),
            StringComparison.Ordinal);
        Assert.Equal(100, registry.Open(new Message { Body = new byte[100] }).Body.Length);
    }

    [Theory]
    [InlineData("application/x-lzma")]
    [InlineData("")]
    public void An_unknown_compression_is_refused_with_the_known_ones(string method) =>
        Assert.Contains(
            $"Compression '{method}' is unknown. Known: zlib (application/x-gzip), brotli (application/x-brotli).",
            Fault(ContentRegistry.Default, new Message { Body = new byte[9], Headers = new([new(Compressor.Header, method)]) }),
            StringComparison.Ordinal);

    [Fact]
    public void A_compression_header_of_another_kind_is_refused_and_a_null_one_means_none()
    {
        Assert.Contains("Compression '7' is unknown", Fault(ContentRegistry.Default, new Message { Body = new byte[9], Headers = new([new(Compressor.Header, 7)]) }), StringComparison.Ordinal);
        Assert.Equal(9, ContentRegistry.Default.Open(new Message { Body = new byte[9], Headers = new([new(Compressor.Header, HeaderValue.Null)]) }).Body.Length);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json")]
    public void A_byte_order_mark_is_refused_in_text(string contentType) =>
        Assert.Contains("byte order mark", Fault(ContentRegistry.Default, new Message { Body = new byte[] { 0xEF, 0xBB, 0xBF, 0x31 }, ContentType = contentType }), StringComparison.Ordinal);

    [Fact]
    public void Bytes_may_begin_like_a_byte_order_mark() =>
        Assert.Equal(4, ContentRegistry.Default.Open(new Message { Body = new byte[] { 0xEF, 0xBB, 0xBF, 0x31 } }).Body.Length);

    [Theory]
    [InlineData("utf-8", true)]
    [InlineData("UTF8", true)]
    [InlineData("us-ascii", true)]
    [InlineData("binary", true)]
    [InlineData(null, true)]
    [InlineData("latin-1", false)]
    [InlineData("base64", false)]
    public void Text_is_read_in_UTF8_only(string? encoding, bool read)
    {
        var error = Record.Exception(() => ContentRegistry.Default.Open(new Message { Body = "1"u8.ToArray(), ContentType = "application/json", ContentEncoding = encoding }));

        Assert.Equal(read ? null : typeof(ContentRefusedException), error?.GetType());
    }

    [Fact]
    public void Limits_are_checked_when_they_are_set()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ContentRegistry.Default with { MaximumBodyBytes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => ContentRegistry.Default with { MaximumDepth = 1001 });
    }

    private static string TooLarge(ContentRegistry registry, Message message) => Assert.Throws<ContentTooLargeException>(() => registry.Open(message)).Message;

    private static string Fault(ContentRegistry registry, Message message) => Assert.Throws<ContentException>(() => registry.Open(message)).Message;

    private sealed class Backwards() : Compressor("backwards")
    {
        public override byte[] Compress(ReadOnlyMemory<byte> body) => [.. body.ToArray().Reverse()];
        public override byte[] Decompress(ReadOnlyMemory<byte> body, int maximumBytes) => Compress(body);
    }
}
