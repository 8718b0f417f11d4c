namespace Celeriac.Interop.Tests.PythonToCSharp;

/// <summary>Python calls C#: arguments, options, what the worker sees of the message.</summary>
public sealed class CallTests(InteropPlace place, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await Place.CSharpWorkerAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory(Timeout = Limit)]
    [InlineData("'cs.add', 2, 3", 5)]
    [InlineData("'cs.add', 2", 4)]
    [InlineData("'cs.add', kwargs={'x': 2, 'y': 40}", 42)]
    [InlineData("'cs.add', 1, kwargs={'y': 1}", 2)]
    [InlineData("'cs.sum', 1, 2, 3, 4", 10)]
    [InlineData("'cs.sum'", 0)]
    public async Task Positional_and_keyword_arguments_and_defaults_bind_as_in_Python(string call, int sum) =>
        Assert.Equal(sum, (await Python.ValueAsync(call)).GetInt32());

    [Theory(Timeout = Limit)]
    [InlineData("'cs.order', kwargs={'order_id': 7, 'customer_name': 'Zoë'}", "7|Zoë|1.5|")]
    [InlineData("'cs.order', kwargs={'orderId': 7, 'customerName': 'Zoë', 'unitPrice': '2.50'}", "7|Zoë|2.50|")]
    [InlineData("'cs.order', 7, 'Zoë', kwargs={'lines': ['a', 'b']}", "7|Zoë|1.5|a,b")]
    public async Task Snake_case_names_and_the_parameters_own_names_both_bind(string call, string order) =>
        Assert.Equal(order, (await Python.ValueAsync(call)).GetString());

    [Fact(Timeout = Limit)]
    public async Task A_task_of_the_apps_routes_needs_no_queue_in_the_call() =>
        Assert.Equal(5, (await Python.RunAsync("return app.signature('cs.add', args=(2, 3)).apply_async().get(timeout=PATIENCE)")).GetInt32());

    [Fact(Timeout = Limit)]
    public async Task Every_option_of_apply_async_reaches_the_task()
    {
        var seen = await Python.ValueAsync("""
            'cs.request', task_id='given-id', priority=7, shadow='alias', time_limit=30, soft_time_limit=20.5, expires=120.5, headers={'x-tenant': 'acme'},
            argsrepr='(hidden)', kwargsrepr='{hidden}', root_id='the-root', parent_id='the-parent', group_id='the-group'
            """.ReplaceLineEndings(" "));
        Assert.Equal(
            ("given-id", "the-root", "the-parent", "the-group", "alias", "(hidden)", "{hidden}", "acme"),
            (seen.TextOf("id"), seen.TextOf("rootId"), seen.TextOf("parentId"), seen.TextOf("group"), seen.TextOf("shadow"), seen.TextOf("argsRepr"), seen.TextOf("kwargsRepr"), seen.TextOf("tenant")));
        Assert.Equal((7, 30, 20.5), (seen.GetProperty("priority").GetInt32(), seen.GetProperty("timeLimit").GetDouble(), seen.GetProperty("softTimeLimit").GetDouble()));
        Assert.InRange(seen.GetProperty("expires").GetDateTimeOffset(), TimeProvider.System.GetUtcNow().AddSeconds(60), TimeProvider.System.GetUtcNow().AddSeconds(121));
    }

    [Fact(Timeout = Limit)]
    public async Task A_plain_call_carries_origin_reply_queue_and_itself_as_root()
    {
        var seen = await Python.ValueAsync("'cs.request'");
        Assert.Equal(seen.TextOf("id"), seen.TextOf("rootId"));
        Assert.StartsWith("gen", seen.TextOf("origin"), StringComparison.Ordinal);
        Assert.True(Guid.TryParse(seen.TextOf("replyTo"), out _));
        Assert.Equal("()", seen.TextOf("argsRepr"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("gzip")]
    [InlineData("zlib")]
    [InlineData("brotli")]
    public async Task A_compressed_body_is_read(string method)
    {
        var length = await Python.RunAsync($"return len(send('cs.echo', 'x' * 100_000, compression='{method}').get(timeout=PATIENCE))");
        Assert.Equal(100_000, length.GetInt32());
    }

    [Theory(Timeout = Limit)]
    [InlineData("bzip2", "application/x-bz2")]
    [InlineData("lzma", "application/x-lzma")]
    public async Task A_compression_that_is_not_read_fails_and_says_which_are(string method, string type)
    {
        var error = (await Python.OutcomeAsync($"'cs.echo', 'x' * 1000, compression='{method}'")).GetProperty("error");
        Assert.Equal("DecodeError", error.TextOf("type"));
        Assert.Contains($"'{type}' is unknown. Known: zlib", error.TextOf("text"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Two_hundred_calls_in_a_row_each_get_their_own_result()
    {
        var values = await Python.RunAsync("return [result.get(timeout=PATIENCE) for result in [send('cs.add', number, 0) for number in range(200)]]");
        Assert.Equal(Enumerable.Range(0, 200), values.EnumerateArray().Select(value => value.GetInt32()));
    }

    [Fact(Timeout = Limit)]
    public async Task A_Python_task_that_calls_a_CSharp_task_is_its_parent()
    {
        var worker = await Place.PythonWorkerAsync();
        var id = (await Python.ValueAsync("'py.parent'")).GetString();
        Assert.True(Guid.TryParse(id, out _));
    }
}
