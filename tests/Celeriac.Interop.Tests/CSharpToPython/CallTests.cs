using System.Text.Json;
using Celeriac.Messaging;

namespace Celeriac.Interop.Tests.CSharpToPython;

/// <summary>C# calls Python: arguments, options, what the worker sees of the message.</summary>
public sealed class CallTests(InteropPlace place, PythonClient python) : PythonTest(place), IClassFixture<PythonClient>
{
    private PythonClient Python { get; } = python;

    [Theory(Timeout = Limit)]
    [InlineData("[2, 3]", "{}", 5)]
    [InlineData("[2]", "{}", 4)]
    [InlineData("[]", """{"x": 2, "y": 40}""", 42)]
    [InlineData("[1]", """{"y": 1}""", 2)]
    public async Task Positional_and_keyword_arguments_and_defaults_bind(string args, string kwargs, int sum) =>
        Assert.Equal(sum, await ValueAsync(Call<int>("py.add", args, kwargs)));

    [Fact(Timeout = Limit)]
    public async Task A_method_without_a_body_calls_its_Python_task()
    {
        using var scope = Client.Use();
        Assert.Equal(5, await PythonTasks.AddAsync(2, 3));
        Assert.Equal("7|Zoë|1.5|", await (await PythonTasks.OrderTask.DelayAsync(7, "Zoë")).GetAsync(Patience));
    }

    [Theory(Timeout = Limit)]
    [InlineData("null", "NoneType")]
    [InlineData("true", "bool")]
    [InlineData("9007199254740993", "int")]
    [InlineData("1e300", "float")]
    [InlineData("\"text \\u0000 \\ud83e\\udd55\"", "str")]
    [InlineData("[1, [2, {\"a\": []}]]", "list")]
    [InlineData("{\"a\": {\"b\": null}}", "dict")]
    public async Task Whatever_JSON_can_say_arrives_as_Pythons_type(string json, string type) =>
        Assert.Equal(type, Assert.Single(await ValueAsync(Call<string[]>("py.kinds", $"[{json}]"))));

    [Fact(Timeout = Limit)]
    public async Task Each_DotNet_type_comes_back_as_it_was()
    {
        var moment = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)).AddTicks(6780);
        await BackAsync(moment);
        await BackAsync(new DateTime(2030, 1, 2, 3, 4, 5, DateTimeKind.Utc).AddTicks(6780));
        await BackAsync(new DateOnly(2030, 1, 2));
        await BackAsync(new TimeOnly(3, 4, 5));
        await BackAsync(12345678901234567890.50m);
        await BackAsync(Guid.NewGuid());
        await BackAsync(new byte[] { 0, 255, 65 });
        await BackAsync(long.MinValue);
        await BackAsync(ulong.MaxValue);
        await BackAsync(0.1 + 0.2);
        await BackAsync("Zoë \U0001F955 \u2028 \0 \\ \"");
        await BackAsync(DayOfWeek.Friday);
        await BackAsync(new Dictionary<string, int> { ["ключ"] = 1 });
        await BackAsync<int?>(null);
    }

    [Fact(Timeout = Limit)]
    public async Task Every_SendOption_reaches_the_task()
    {
        var seen = await SeenAsync(new SendOptions
        {
            TaskId = "given-" + Guid.NewGuid(),
            Priority = 7,
            Shadow = "alias",
            TimeLimit = TimeSpan.FromSeconds(30),
            SoftTimeLimit = TimeSpan.FromSeconds(20.5),
            Expires = TimeProvider.System.GetUtcNow().AddSeconds(120),
            Eta = TimeProvider.System.GetUtcNow().AddSeconds(0.3),
            Headers = new MessageHeaders([new("x-tenant", "acme")]),
            ArgsRepr = "(hidden)",
            KwargsRepr = "{hidden}",
            RootId = "the-root",
            ParentId = "the-parent",
            GroupId = "the-group",
            GroupIndex = 3,
        });
        Assert.StartsWith("given-", seen.TextOf("id"), StringComparison.Ordinal);
        Assert.Equal(
            ("the-root", "the-parent", "the-group", "alias", "(hidden)", "{hidden}"),
            (seen.TextOf("root_id"), seen.TextOf("parent_id"), seen.TextOf("group"), seen.TextOf("shadow"), seen.TextOf("argsrepr"), seen.TextOf("kwargsrepr")));
        Assert.Equal((7, "[30,20.5]"), (seen.GetProperty("priority").GetInt32(), JsonSerializer.Serialize(seen.GetProperty("timelimit"))));
        Assert.Equal("acme", seen.TextOf("tenant"));
        Assert.Equal(seen.TextOf("id"), seen.TextOf("correlation_id"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_plain_call_carries_what_a_Python_client_would_send()
    {
        var seen = await SeenAsync();
        Assert.Equal(seen.TextOf("id"), seen.TextOf("root_id"));
        Assert.Equal(JsonValueKind.Null, seen.GetProperty("parent_id").ValueKind);
        Assert.Equal("[null,null]", JsonSerializer.Serialize(seen.GetProperty("timelimit")));
        Assert.Equal(("()", "{}", "py"), (seen.TextOf("argsrepr"), seen.TextOf("kwargsrepr"), seen.TextOf("routing_key")));
        Assert.Equal(0, seen.GetProperty("priority").GetInt32());
        // Python asks its own task where nothing is said.
        Assert.NotEqual(JsonValueKind.True, seen.GetProperty("ignore_result").ValueKind);
        Assert.Matches("^gen[0-9]+@", seen.TextOf("origin"));
    }

    [Fact(Timeout = Limit)]
    public async Task Arguments_are_shown_as_Python_literals()
    {
        var seen = await SeenAsync(args: """[1, "it's", null, true, [1.5], {"a": {"b": {"c": {"d": 1}}}}]""");
        Assert.Equal(seen.TextOf("argsrepr"), (await Python.RunAsync("""return send('py.request', 1, "it's", None, True, [1.5], {'a': {'b': {'c': {'d': 1}}}}).get(timeout=PATIENCE)""")).TextOf("argsrepr"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("zlib")]
    [InlineData("gzip")]
    [InlineData("brotli")]
    public async Task A_compressed_body_is_read(string method)
    {
        var text = new string('x', 100_000);
        Assert.Equal(text, await ValueAsync(Call<string>("py.echo", $"[\"{text}\"]", options: new SendOptions { Compression = method })));
    }

    [Fact(Timeout = Limit)]
    public async Task Two_hundred_calls_at_once_each_get_their_own_result()
    {
        var sent = await Task.WhenAll(Enumerable.Range(0, 200).Select(number => Client.SendAsync(Call<int>("py.add", $"[{number}, 0]")).AsTask()));
        var values = await Task.WhenAll(sent.Select(result => result.GetAsync(Patience).AsTask()));
        Assert.Equal(Enumerable.Range(0, 200), values);
    }

    [Fact(Timeout = Limit)]
    public async Task A_CSharp_task_that_calls_a_Python_task_is_its_parent_and_lists_it_as_child()
    {
        await Place.CSharpWorkerAsync();
        var parent = await Client.SendAsync(Call<string>("cs.parent", "[\"py\"]", options: new SendOptions { Queue = "cs" }));
        var child = await parent.GetAsync(Patience);
        Assert.Equal(child, Assert.Single(await parent.ChildrenAsync()).Id);
    }

    private async Task BackAsync<T>(T value)
    {
        var back = await ValueAsync(new Signature<T>("py.echo") { Args = new Signature("py.echo").WithArgs(value).Args });
        if (value is System.Collections.IEnumerable)
        {
            Assert.Equal(TaskJson.Encode(value).ToArray(), TaskJson.Encode(back).ToArray());
        }
        else
        {
            Assert.Equal(value, back);
        }
    }
}

/// <summary>Python tasks as a C# program declares them.</summary>
public static partial class PythonTasks
{
    [Task("py.add", Queue = "py")]
    public static partial Task<int> AddAsync(int x, int y);

    [Task("py.order", Queue = "py")]
    public static partial ValueTask<string> OrderAsync(int orderId, string customerName);
}
