namespace Celeriac.Interop.Tests.PythonToCSharp;

/// <summary>Python calls C#: every type of JSON, and Python's own types that Kombu writes as JSON.</summary>
public sealed class ValueTests(InteropPlace place, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await Place.CSharpWorkerAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory(Timeout = Limit)]
    [InlineData("None")]
    [InlineData("True")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("2 ** 53 + 1")]
    [InlineData("-(2 ** 63)")]
    [InlineData("2 ** 64 + 1")]
    [InlineData("10 ** 40")]
    [InlineData("1.5")]
    [InlineData("1e300")]
    [InlineData("0.1 + 0.2")]
    [InlineData("-0.0")]
    [InlineData("''")]
    [InlineData("'Zoë \\U0001F955 \\u2028 \\x00 \\\\ \\\" \\x7f'")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("[1, [2, [3, [4, {'a': [None, True]}]]]]")]
    [InlineData("{'snake_key': 1, 'Key': 2, '': 3, 'ключ': 4}")]
    [InlineData("list(range(1000))")]
    public async Task Whatever_JSON_can_say_comes_back_as_it_was(string value) =>
        Assert.True((await Python.RunAsync($"value = {value}\nback = send('cs.echo', value).get(timeout=PATIENCE)\nreturn back == value and type(back) is type(value)")).GetBoolean(), value);

    [Theory(Timeout = Limit)]
    [InlineData("float('inf')", "Infinity")]
    [InlineData("float('-inf')", "-Infinity")]
    [InlineData("float('nan')", "NaN")]
    public async Task Numbers_that_JSON_has_not_arrive_by_their_names(string value, string name) =>
        Assert.Equal(name, (await Python.RunAsync($"return str(send('cs.echo', {value}).get(timeout=PATIENCE))")).GetString()!.Replace("inf", "Infinity", StringComparison.Ordinal).Replace("nan", "NaN", StringComparison.Ordinal));

    [Fact(Timeout = Limit)]
    public async Task Each_of_Pythons_types_becomes_the_parameters_type()
    {
        var typed = await Python.ValueAsync("""
            'cs.typed', kwargs={
                'whole': -5, 'large': 2 ** 62, 'ratio': 0.1, 'price': decimal.Decimal('12345678901234567890.50'), 'text': 'Zoë', 'flag': True, 'id': uuid.UUID(int=5),
                'moment': datetime.datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=datetime.timezone.utc), 'when': datetime.datetime(2030, 1, 2, 3, 4, 5, 678),
                'day': datetime.date(2030, 1, 2).isoformat(), 'time': datetime.time(3, 4, 5), 'maybe': None, 'list': (1, 2), 'map': {'a': 'b'}}
            """.ReplaceLineEndings(" "));
        Assert.Equal((-5, 1L << 62, 0.1), (typed.GetProperty("whole").GetInt32(), typed.GetProperty("large").GetInt64(), typed.GetProperty("ratio").GetDouble()));
        Assert.Equal(("12345678901234567890.50", "Zoë"), (typed.TextOf("price"), typed.TextOf("text")));
        Assert.Equal(new Guid("00000000-0000-0000-0000-000000000005"), typed.GetProperty("id").GetGuid());
        Assert.Equal("2030-01-02T03:04:05.000678+00:00", typed.TextOf("moment"));
        Assert.Equal("2030-01-02T03:04:05.000678", typed.TextOf("when"));
        Assert.Equal(("2030-01-02", "03:04:05"), (typed.TextOf("day"), typed.TextOf("time")[..8]));
        Assert.Equal("[1,2]", Plain(typed.GetProperty("list")));
        Assert.Equal("b", typed.GetProperty("map").TextOf("a"));
    }

    [Fact(Timeout = Limit)]
    public async Task Bytes_travel_as_base64() =>
        Assert.Equal("AP9B", (await Python.ValueAsync("'cs.bytes', base64.b64encode(bytes([0, 255, 65])).decode()")).GetString());
}
