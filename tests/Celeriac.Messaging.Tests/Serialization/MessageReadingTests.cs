using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Celeriac.Messaging.Compression;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Messaging.Tests.Serialization;

public sealed record Order(int Id, string Item, IReadOnlyList<decimal> Prices);

[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(JsonElement))]
public sealed partial class OrderJson : JsonSerializerContext;

public sealed class MessageReadingTests
{
    private const string JsonAlphabet = "{}[]\",:0123truefalsn \\u\n\"Id\"";

    [Fact]
    public void Text_comes_back_as_it_was()
    {
        var message = MessageContent.Text("día 漢字 😀");

        Assert.Equal(("text/plain", "utf-8"), (message.ContentType, message.ContentEncoding));
        Assert.Equal("día 漢字 😀", message.ReadText());
    }

    [Fact]
    public void Bytes_come_back_as_they_were()
    {
        var message = MessageContent.Bytes(new byte[] { 0, 255, 7 });

        Assert.Equal(("application/data", "binary"), (message.ContentType, message.ContentEncoding));
        Assert.Equal([0, 255, 7], message.ReadBytes().ToArray());
    }

    [Fact]
    public void A_value_comes_back_through_source_generated_metadata()
    {
        var message = MessageContent.Json(new Order(7, "celeriac", [1.50m, 2m]), OrderJson.Default.Order);

        Assert.Equal(("application/json", "utf-8"), (message.ContentType, message.ContentEncoding));
        var order = message.ReadJson(OrderJson.Default.Order)!;
        Assert.Equal((7, "celeriac"), (order.Id, order.Item));
        Assert.Equal([1.50m, 2m], order.Prices);
    }

    [Fact]
    public void A_value_comes_back_through_reflection()
    {
        var message = MessageContent.Json(new Order(7, "celeriac", []));

        Assert.Equal("celeriac", message.ReadJson<Order>()!.Item);
    }

    [Fact]
    public void Json_can_be_read_as_text() => Assert.Equal("7", MessageContent.Json(7, OrderJson.Default.Int32).ReadText());

    [Fact]
    public void A_compressed_body_is_decompressed()
    {
        var plain = MessageContent.Text("hello");
        var message = plain with { Body = Compressor.Brotli.Compress(plain.Body), Headers = new([new(Compressor.Header, "application/x-brotli")]) };

        Assert.Equal("hello", message.ReadText());
    }

    [Theory]
    [InlineData("", "cannot be read as System.Int32")]
    [InlineData("{", "cannot be read as System.Int32")]
    [InlineData("\"seven\"", "cannot be read as System.Int32")]
    [InlineData("7 8", "cannot be read as System.Int32")]
    [InlineData("7 }", "cannot be read as System.Int32")]
    [InlineData("99999999999999999999", "cannot be read as System.Int32")]
    public void Malformed_json_is_a_ContentException(string json, string fault) =>
        Assert.Contains(fault, Assert.Throws<ContentException>(() => Json(json).ReadJson(OrderJson.Default.Int32)).Message, StringComparison.Ordinal);

    [Fact]
    public void Json_that_is_not_UTF8_is_a_ContentException()
    {
        var message = new Message { Body = new byte[] { (byte)'"', 0xFF, (byte)'"' }, ContentType = "application/json" };

        Assert.Throws<ContentException>(() => message.ReadText());
        Assert.Throws<ContentException>(() => message.ReadJson(OrderJson.Default.Order));
    }

    [Fact]
    public void Json_nested_deeper_than_the_limit_is_refused()
    {
        var registry = ContentRegistry.Default with { MaximumDepth = 10 };

        Assert.Equal(10, Depth(Json(Nested(10)).ReadJson(OrderJson.Default.JsonElement, registry)));
        Assert.Throws<ContentException>(() => Json(Nested(11)).ReadJson(OrderJson.Default.JsonElement, registry));
        Assert.Throws<ContentException>(() => Json(Nested(65)).ReadJson(OrderJson.Default.JsonElement));
        Assert.Throws<ContentException>(() => Json(Nested(1_000_000)).ReadJson(OrderJson.Default.JsonElement));
    }

    [Fact]
    public void A_body_of_another_format_names_the_right_call()
    {
        Assert.Contains("cannot be read as json. Call ReadText.", Fault(() => MessageContent.Text("7").ReadJson(OrderJson.Default.Int32)), StringComparison.Ordinal);
        Assert.Contains("cannot be read as json. Call ReadBytes.", Fault(() => MessageContent.Bytes("7"u8.ToArray()).ReadJson(OrderJson.Default.Int32)), StringComparison.Ordinal);
        Assert.Contains("cannot be read as text. Call ReadBytes.", Fault(() => MessageContent.Bytes("7"u8.ToArray()).ReadText()), StringComparison.Ordinal);
    }

    [Fact]
    public void Random_json_is_a_value_or_a_ContentException()
    {
        var random = new Random(20261122);
        for (var round = 0; round < 20_000; round++)
        {
            var json = string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => JsonAlphabet[random.Next(JsonAlphabet.Length)]));
            try
            {
                _ = Json(json).ReadJson(OrderJson.Default.Order);
            }
            catch (ContentException)
            {
                continue;
            }
        }
    }

    private static Message Json(string json) => new() { Body = Encoding.UTF8.GetBytes(json), ContentType = "application/json", ContentEncoding = "utf-8" };

    private static string Nested(int depth) => new string('[', depth) + new string(']', depth);

    private static int Depth(JsonElement element) => element.GetArrayLength() == 0 ? 1 : 1 + Depth(element[0]);

    private static string Fault(Action action) => Assert.Throws<ContentException>(action).Message;
}
