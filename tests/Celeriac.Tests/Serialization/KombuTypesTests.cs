using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Celeriac.Protocol;
using Celeriac.Serialization;
using Celeriac.Tests.Protocol;

namespace Celeriac.Tests.Serialization;

/// <summary>Values that JSON has no form for, in Celery's plain form and in Kombu's (CELERY-PROTOCOL 4.1).</summary>
public sealed class KombuTypesTests
{
    private static readonly DateTimeOffset s_time = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(6780);
    private static readonly Guid s_id = new("00000000-0000-0000-0000-000000000005");

    [Theory]
    [InlineData("5.2.6")]
    [InlineData("5.6")]
    public void What_Python_sends_arrives_whichever_Kombu_it_has(string version)
    {
        var times = Args(version, "types");
        Assert.Equal(s_time, Read<DateTimeOffset>(times[0]));
        Assert.Equal((s_time.UtcDateTime, DateTimeKind.Utc), (Read<DateTime>(times[0]), Read<DateTime>(times[0]).Kind));
        Assert.Equal((new DateTime(2030, 1, 2), DateTimeKind.Unspecified), (Read<DateTime>(times[1]), Read<DateTime>(times[1]).Kind));
        var others = Args(version, "types2");
        Assert.Equal(new DateOnly(2030, 1, 2), Read<DateOnly>(others[0]));
        Assert.Equal(new TimeOnly(3, 4), Read<TimeOnly>(others[1]));
        Assert.Equal(s_id, Read<Guid>(others[2]));
        Assert.Equal(1.50m, Read<decimal>(others[3]));
        Assert.Equal("1.50", Read<string>(others[3]));
        Assert.Equal(s_id.ToString(), Read<string>(others[2]));
        Assert.Equal(double.NaN, Read<double>(others[4]));
        Assert.Equal("é", Read<string>(others[5]));
    }

    [Fact]
    public void Pythons_bytes_arrive()
    {
        var bytes = Args("5.6", "types bytes");
        Assert.Equal("abc"u8, Read<byte[]>(bytes[0]));
        Assert.Equal([0xff, 0x00], Read<byte[]>(bytes[1]));
        Assert.Equal("abc", Read<string>(bytes[0]));
        Assert.Equal("abc"u8, Read<byte[]>("\"YWJj\""));
    }

    [Fact]
    public void Kombus_form_is_written_as_Kombu_writes_it()
    {
        var options = Kombu();
        Assert.Equal(Args("5.6", "types")[0], Relaxed(Write(s_time, options)));
        Assert.Equal(Args("5.6", "types")[0], Relaxed(Write(s_time.UtcDateTime, options)));
        Assert.Equal("""{"__type__":"datetime","__value__":"2030-01-02T00:00:00.000000"}""", Write(new DateTime(2030, 1, 2), options));
        string[] expected = Args("5.6", "types2");
        string[] written = [Write(new DateOnly(2030, 1, 2), options), Write(new TimeOnly(3, 4), options), Write(s_id, options), Write(1.50m, options)];
        Assert.Equal(expected[..4], written.Select(Relaxed));
        string[] bytes = [Relaxed(Write("abc"u8.ToArray(), options)), Relaxed(Write(new byte[] { 0xff, 0 }, options))];
        Assert.Equal(Args("5.6", "types bytes"), bytes);
    }

    [Fact]
    public void The_plain_form_is_text_that_Python_parses()
    {
        var options = new JsonConfiguration().Options;
        Assert.Equal("\"2030-01-02T03:04:05.000678+00:00\"", Relaxed(Write(s_time, options)));
        Assert.Equal("\"2030-01-02T03:04:05.000678Z\"", Write(s_time.UtcDateTime, options));
        Assert.Equal("\"2030-01-02\"", Write(new DateOnly(2030, 1, 2), options));
        Assert.Equal("\"03:04:05.123456\"", Write(new TimeOnly(3, 4, 5).Add(TimeSpan.FromTicks(1234567)), options));
        Assert.Equal("\"03:04:00\"", Write(new TimeOnly(3, 4), options));
        Assert.Equal($"\"{s_id}\"", Write(s_id, options));
        Assert.Equal("\"1.50\"", Write(1.50m, options));
        Assert.Equal("\"YWJj\"", Write("abc"u8.ToArray(), options));
    }

    [Fact]
    public void Both_forms_are_read_whichever_is_written()
    {
        var random = new Random(5);
        foreach (var writing in new[] { new JsonConfiguration().Options, Kombu() })
        {
            for (var round = 0; round < 300; round++)
            {
                var time = DateTime.UnixEpoch.AddMicroseconds(random.NextInt64(-50_000_000_000_000_000, 200_000_000_000_000_000));
                AssertRoundTrip(time, writing);
                AssertRoundTrip(new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Unspecified), TimeSpan.FromMinutes(random.Next(-720, 720))), writing);
                AssertRoundTrip(DateOnly.FromDateTime(time), writing);
                AssertRoundTrip(TimeOnly.FromDateTime(time), writing);
                AssertRoundTrip(new decimal(random.Next(), random.Next(), random.Next(), random.Next(2) == 0, (byte)random.Next(29)), writing);
                var bytes = new byte[random.Next(40)];
                random.NextBytes(bytes);
                AssertRoundTrip(new Guid((byte[])[.. bytes[..Math.Min(16, bytes.Length)], .. new byte[Math.Max(0, 16 - bytes.Length)]]), writing);
                Assert.Equal(bytes, Read<byte[]>(Write(bytes, writing)));
            }
        }
    }

    [Theory]
    [InlineData("""{"__type__": "money", "__value__": 1}""")]
    [InlineData("""{"__type__": "decimal", "__value__": "1.50"}""")]
    public void An_untyped_parameter_gets_the_object_as_it_is(string json)
    {
        Assert.Equal(json, ((JsonElement)Read<object>(json)).GetRawText());
        Assert.Equal(json, Read<JsonElement>(json).GetRawText());
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), Read<JsonNode>(json)));
    }

    [Theory]
    [InlineData("""{"__type__": "money", "__value__": "1"}""")]
    [InlineData("""{"__type__": "datetime", "__value__": "2030-01-02T00:00:00"}""")]
    [InlineData("""{"__type__": "decimal", "__value__": "x"}""")]
    [InlineData("""{"__type__": "decimal", "__value__": 1}""")]
    [InlineData("""{"__type__": "decimal"}""")]
    [InlineData("""{"__value__": "1"}""")]
    [InlineData("""{"__type__": "decimal", "__value__": "1", "x": 1}""")]
    [InlineData("""{"__type__": "uuid", "__value__": {"hex": "1", "x": 2}}""")]
    [InlineData("""{"__type__": "uuid", "__value__": {}}""")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("true")]
    [InlineData("\"NaN\"")]
    [InlineData("1e999")]
    public void What_is_no_decimal_does_not_fit(string json)
    {
        Assert.ThrowsAny<Exception>(() => Read<decimal>(json));
        var bound = new BoundArguments("t", [new("amount", TaskParameterKind.Required, "decimal")], Encoding.UTF8.GetBytes(json), [new JsonSlice(0, Encoding.UTF8.GetByteCount(json))], []);
        Assert.Contains("'amount' does not fit decimal", Assert.Throws<TaskArgumentException>(() => bound.Get<decimal>(0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Members_may_come_in_either_order_and_stand_anywhere() =>
        Assert.Equal([1.5m, 2m], Read<decimal[]>("""[{"__value__": "1.5", "__type__": "decimal"}, 2]"""));

    [Fact]
    public void They_are_keys_too()
    {
        foreach (var options in new[] { new JsonConfiguration().Options, Kombu() })
        {
            var json = Write(new Dictionary<Guid, decimal> { [s_id] = 1m }, options);
            Assert.Contains($"\"{s_id}\":", json, StringComparison.Ordinal);
            Assert.Equal(1m, Read<Dictionary<Guid, decimal>>(json)[s_id]);
        }
    }

    [Fact]
    public void One_form_is_chosen_for_the_process_and_the_first_word_counts()
    {
        var configuration = new JsonConfiguration();
        configuration.Use(JsonTypes.Kombu);
        configuration.Use(JsonTypes.Kombu);
        Assert.Equal(JsonTypes.Kombu, configuration.Types);
        Assert.Contains("'Plain', but another app of this process has chosen 'Kombu'", Assert.Throws<InvalidOperationException>(() => configuration.Use(JsonTypes.Plain)).Message, StringComparison.Ordinal);
        configuration.Use(new DefaultJsonTypeInfoResolver());
        Assert.StartsWith("{\"__type__\":\"decimal\"", Write(1m, configuration.Options), StringComparison.Ordinal);
    }

    private static JsonSerializerOptions Kombu()
    {
        var configuration = new JsonConfiguration();
        configuration.Use(JsonTypes.Kombu);
        return configuration.Options;
    }

    private static void AssertRoundTrip<T>(T value, JsonSerializerOptions writing) => Assert.Equal(value, Read<T>(Write(value, writing)));

    private static T Read<T>(string json) => TaskJson.Decode<T>(Encoding.UTF8.GetBytes(json));

    private static string Write<T>(T value, JsonSerializerOptions options) => JsonSerializer.Serialize(value, (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T)));

    /// <summary>The same without the escapes that our writer adds, and with Python's blanks.</summary>
    private static string Relaxed(string json) =>
        json.Replace("\\u002B", "+", StringComparison.Ordinal).Replace("\":", "\": ", StringComparison.Ordinal).Replace(",\"", ", \"", StringComparison.Ordinal);

    private static string[] Args(string version, string title)
    {
        var request = TaskMessageCodec.Decode(GoldenMessages.Find(version, title).Message, DecodeLimits.Default).Request!;
        using var args = JsonDocument.Parse(request.Body.Slice(request.Args.Start, request.Args.Length));
        return [.. args.RootElement.EnumerateArray().Select(item => item.GetRawText())];
    }
}
