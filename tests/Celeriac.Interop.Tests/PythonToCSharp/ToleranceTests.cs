using Celeriac.Messaging;

namespace Celeriac.Interop.Tests.PythonToCSharp;

/// <summary>
/// The tolerance matrix: messages that Python workers run, refuse, lose or die of, given to ours over the real broker by a Python publisher.
/// Ours runs what Python runs; what it cannot run ends as FAILURE where the id is known, and is kept in quarantine; and it lives on.
/// </summary>
public sealed class ToleranceTests(InteropPlace place, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    private const string Json = "[[2, 3], {}, {}]";
    private readonly string _queue = $"cs-tolerance-{Guid.NewGuid().ToString("N")[..8]}";
    private CSharpWorker? _worker;

    public async ValueTask InitializeAsync() => _worker = await CSharpWorker.StartAsync(Place.Server.AmqpUrl, _queue, "tolerant@interop");

    public async ValueTask DisposeAsync() => await _worker!.DisposeAsync();

    /// <summary>What Python workers run, ours runs too: a name, headers beside task and id, the body, further arguments of the publisher.</summary>
    public static TheoryData<string, string, string, string> Good { get; } = new()
    {
        { "only task and id", "{}", Json, "" },
        { "embed null", "{}", "[[2, 3], {}, null]", "" },
        { "retries beyond 32 bits, lang cs, a nested header", "{'retries': 2 ** 33, 'lang': 'cs', 'x-nested': {'a': [1, {'b': None}]}}", Json, "" },
        { "no content encoding", "{}", Json, "content_encoding=None" },
        { "content encoding in capitals", "{}", Json, "content_encoding='UTF-8'" },
        { "eta with Z", "{'eta': '2020-01-02T03:04:05Z'}", Json, "" },
        { "eta with three digits", "{'eta': '2020-01-02T03:04:05.123+00:00'}", Json, "" },
        { "eta without offset", "{'eta': '2020-01-02T03:04:05.123456'}", Json, "" },
        { "eta with seven digits", "{'eta': '2020-01-02T03:04:05.1234567+00:00'}", Json, "" },
        { "time limits as floats", "{'timelimit': [30.5, 20.25]}", Json, "" },
        { "time limits null", "{'timelimit': [None, None]}", Json, "" },
        { "zlib under the name gzip", "{'compression': 'application/x-gzip'}", Json, "body_form=zlib.compress" },
        { "chain and callbacks empty", "{}", "[[2, 3], {}, {\"callbacks\": [], \"errbacks\": [], \"chain\": [], \"chord\": null}]", "" },
        { "ignore_result null", "{'ignore_result': None}", Json, "" },
        { "everything null", "{'eta': None, 'expires': None, 'group': None, 'group_index': None, 'retries': None, 'timelimit': None, 'root_id': None, 'parent_id': None, 'argsrepr': None, 'kwargsrepr': None, 'origin': None, 'shadow': None, 'stamps': None, 'stamped_headers': None}", Json, "" },
        { "stamps and replace count of newer Celery", "{'stamps': {'customer': 'acme'}, 'stamped_headers': ['customer'], 'replaced_task_nesting': 1}", Json, "" },
        { "an unknown key in embed", "{}", "[[2, 3], {}, {\"future\": [1, 2]}]", "" },
        { "a content type with a charset, which Python refuses", "{}", Json, "content_type='application/json; charset=utf-8'" },
        { "no priority", "{}", Json, "priority=None" },
        { "transient", "{}", Json, "delivery_mode=1" },
    };

    /// <summary>What cannot run: a name, headers, the body, further arguments, and the reason in quarantine.</summary>
    public static TheoryData<string, string, string, string, string> Bad { get; } = new()
    {
        { "kwargs null", "{}", "[[2, 3], null, {}]", "", "MalformedBody" },
        { "args null", "{}", "[null, {}, {}]", "", "MalformedBody" },
        { "no content type", "{}", Json, "content_type=None", "ContentRefused" },
        { "unknown content type", "{}", Json, "content_type='application/x-riddle'", "ContentRefused" },
        { "pickle", "{}", "ignored", "body_form=lambda body: b'\\x80\\x04]q\\x00.', content_type='application/x-python-serialize', content_encoding='binary'", "ContentRefused" },
        { "eta garbage", "{'eta': 'tomorrow'}", Json, "", "MalformedHeaders" },
        { "one time limit", "{'timelimit': [5]}", Json, "", "MalformedHeaders" },
        { "time limits as text", "{'timelimit': '[30, 20]'}", Json, "", "MalformedHeaders" },
        { "body with two elements", "{}", "[[2, 3], {}]", "", "MalformedBody" },
        { "body with four elements", "{}", "[[2, 3], {}, {}, {}]", "", "MalformedBody" },
        { "broken JSON", "{}", "[[2, 3], {}, {", "", "MalformedBody" },
        { "empty body", "{}", "", "", "MalformedBody" },
        { "unknown task", "{'task': 'cs.nobody'}", Json, "", "UnknownTask" },
        { "unknown compression", "{'compression': 'application/x-riddle'}", Json, "", "MalformedBody" },
        { "compressed, but not as it says", "{'compression': 'application/x-gzip'}", Json, "", "MalformedBody" },
        { "a real gzip stream", "{'compression': 'application/x-gzip'}", Json, "body_form=gzip.compress", "MalformedBody" },
        { "a byte order mark", "{}", "\uFEFF[[2, 3], {}, {}]", "", "MalformedBody" },
        { "negative retries", "{'retries': -1}", Json, "", "MalformedHeaders" },
    };

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Good))]
    public async Task What_a_Python_worker_runs_runs_here(string name, string headers, string body, string more)
    {
        var value = await PublishAndWaitAsync(headers, body, more);
        Assert.True(value.TryGetProperty("value", out var sum), $"{name}: {value}");
        Assert.Equal(5, sum.GetInt32());
        await StillWorksAsync();
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Bad))]
    public async Task What_cannot_run_fails_for_its_caller_and_is_kept_and_the_worker_goes_on(string name, string headers, string body, string more, string reason)
    {
        var outcome = await PublishAndWaitAsync(headers, body, more);
        Assert.True(outcome.TryGetProperty("error", out _), $"{name}: {outcome}");
        Assert.Equal("FAILURE", outcome.TextOf("state"));
        Assert.Equal(reason, await QuarantinedAsync());
        await StillWorksAsync();
    }

    [Theory(Timeout = Limit)]
    [InlineData("{}", "hello", "content_type='text/plain'")]
    [InlineData("{'task': None, 'id': None}", Json, "")]
    [InlineData("{'id': None}", Json, "")]
    [InlineData("{'task': None}", Json, "")]
    public async Task What_is_no_task_is_kept(string headers, string body, string more)
    {
        await PublishAsync(headers.Replace("{}", "{'task': None, 'id': None}", StringComparison.Ordinal), body, more);
        Assert.Equal("NotATask", await QuarantinedAsync());
        await StillWorksAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task An_expiry_in_the_past_is_REVOKED()
    {
        var outcome = await PublishAndWaitAsync("{'expires': '2020-01-01T00:00:00'}", Json, "");
        Assert.Equal(("REVOKED", "TaskRevokedError"), (outcome.TextOf("state"), outcome.GetProperty("error").TextOf("type")));
        await StillWorksAsync();
    }

    private Task<System.Text.Json.JsonElement> PublishAndWaitAsync(string headers, string body, string more) => Python.RunAsync($"""
        result = expected()
        {Publishing(headers, body, more)}
        return outcome(result, timeout=8)
        """);

    private Task<System.Text.Json.JsonElement> PublishAsync(string headers, string body, string more) => Python.RunAsync($"result = app.AsyncResult(str(uuid.uuid4()))\n{Publishing(headers, body, more)}");

    private string Publishing(string headers, string body, string more) =>
        $"raw('{_queue}', result.id, {headers}, {PythonProgram.Literal(body)}.encode(){(more.Length == 0 ? "" : $", {more}")})";

    private async Task<string?> QuarantinedAsync()
    {
        var transport = _worker!.Client.Transport;
        await transport.DeclareAsync(Topology.Queue($"{_queue}.quarantine"), Cancelled);
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([$"{_queue}.quarantine"]), Cancelled);
        using var patience = new CancellationTokenSource(Patience);
        var delivery = Assert.IsType<Delivery>(await subscription.ReceiveAsync(patience.Token));
        await delivery.AckAsync(Cancelled);
        return delivery.Message.Headers.TextOf("x-celeriac-quarantine-reason");
    }

    private async Task StillWorksAsync() =>
        Assert.Equal(2, await (await _worker!.Client.SendAsync(Peer.PeerTasks.AddTask.S(1, 1), Cancelled)).GetAsync(Patience, Cancelled));
}
