using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Interop.Tests.CSharpToPython;

/// <summary>No message of ours may kill or poison a Python worker, whatever the options.</summary>
public sealed class HarmlessTests(InteropPlace place) : PythonTest(place)
{
    private const int Calls = 400;
    // What a Python worker says of calls that it refuses or that end badly on purpose.
    private static readonly string[] s_expected = ["raised unexpected", "Discarding revoked", "Hard time limit", "Soft time limit", "Received unregistered task", "Task has been", "raised expected", "Killed", "signal 9"];
    private PythonWorker? _own;
    private string _queue = "";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _queue = $"odd-{Guid.NewGuid().ToString("N")[..8]}";
        _own = await PythonWorker.StartAsync(new PythonWorkerOptions { BrokerUrl = Place.Server.AmqpUrl, Queue = _queue, Node = "odd@interop" });
    }

    public override async ValueTask DisposeAsync()
    {
        await _own!.DisposeAsync();
        await base.DisposeAsync();
    }

    [Theory(Timeout = Limit)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Calls_with_every_odd_combination_of_options_leave_the_Python_worker_alive_and_content(int seed)
    {
        var random = new Random(seed);
        var sent = new List<(AsyncResult Result, SendOptions Options)>();
        for (var number = 0; number < Calls; number++)
        {
            var options = Odd(random);
            sent.Add((await Client.SendAsync(new Signature("py.request") { Args = OddArguments(random), Kwargs = OddKeywords(random), Options = options }), options));
        }
        foreach (var (result, options) in sent.Where(call => call.Options.IgnoreResult is not true && call.Options.ReplyTo is null))
        {
            var record = await result.WaitAsync(Patience);
            Assert.True(record.Status is "SUCCESS" || (record.Status is "REVOKED" && options.Expires is not null), $"{record.Status} {Encoding.UTF8.GetString(record.Result.Span)} {options}");
        }
        Assert.Equal(2, await ValueAsync(Call<int>("py.add", "[1, 1]", options: new SendOptions { Queue = _queue })));
        Assert.True(_own!.IsAlive);
        Assert.Empty(_own.Complaints(s_expected));
    }

    private SendOptions Odd(Random random) => new()
    {
        Queue = _queue,
        Countdown = Maybe(random, () => TimeSpan.FromSeconds(random.NextDouble() * 1.5 - 0.5)),
        Expires = Maybe(random, () => TimeProvider.System.GetUtcNow().AddTicks(random.NextInt64(-20_000_000, 900_000_000)).ToOffset(TimeSpan.FromMinutes(random.Next(-14 * 60, 14 * 60)))),
        Priority = Maybe(random, () => (byte)random.Next(256)),
        TimeLimit = Maybe(random, () => TimeSpan.FromSeconds(random.Next(30, 100_000)), TimeSpan.FromDays(10_000)),
        SoftTimeLimit = Maybe(random, () => TimeSpan.FromTicks(random.NextInt64(200_000_000, 290_000_000))),
        IgnoreResult = random.Next(4) switch { 0 => true, 1 => false, _ => null },
        Shadow = random.Next(3) == 0 ? OddText(random) : null,
        Headers = random.Next(3) == 0 ? OddHeaders(random) : null,
        Compression = random.Next(5) switch { 0 => "zlib", 1 => "brotli", _ => null },
        RootId = random.Next(3) == 0 ? OddText(random) : null,
        ParentId = random.Next(3) == 0 ? OddText(random) : null,
        GroupId = random.Next(3) == 0 ? Guid.NewGuid().ToString() : null,
        GroupIndex = Maybe(random, () => random.Next()),
        ReplyTo = random.Next(8) switch { 0 => "", 1 => "nobody", _ => null },
        ArgsRepr = random.Next(4) == 0 ? OddText(random) : null,
        KwargsRepr = random.Next(4) == 0 ? OddText(random) : null,
    };

    private static T? Maybe<T>(Random random, Func<T> value, T? other = null) where T : struct => random.Next(6) switch { 0 or 1 => value(), 2 => other, _ => null };

    private static string OddText(Random random) => random.Next(6) switch
    {
        0 => "Zoë \U0001F955 \u2028",
        1 => "'quotes' \"and\" \\backslashes",
        2 => new string('x', 2000),
        3 => "%s %(name)s {} {0}",
        4 => "tab\tand\nline",
        _ => "plain",
    };

    private static MessageHeaders OddHeaders(Random random) => new(
    [
        new("x-text", OddText(random)), new("x-long", long.MinValue), new("x-double", double.MaxValue), new("x-flag", true), new("x-null", HeaderValue.Null),
        new("x-list", HeaderValue.From([1L, "a", HeaderValue.Null])), new("x-map", HeaderValue.From(new MessageHeaders([new("k", "v")]))), new("x-bytes", HeaderValue.From(new byte[] { 0, 255 })),
    ]);

    private static ReadOnlyMemory<byte> OddArguments(Random random) => random.Next(6) switch
    {
        0 => new Signature("t").WithArgs(DateTimeOffset.MaxValue, DateTime.MinValue, TimeSpan.MaxValue).Args,
        1 => new Signature("t").WithArgs(double.NaN, decimal.MaxValue, ulong.MaxValue).Args,
        2 => new Signature("t").WithArgs(OddText(random), OddText(random)).Args,
        3 => Encoding.UTF8.GetBytes($"[{new string('[', 40)}{new string(']', 40)}]"),
        4 => Encoding.UTF8.GetBytes("""[{"__type__": 1}, {"": {"": null}}, 1e400, -0, 123456789012345678901234567890]"""),
        _ => "[]"u8.ToArray(),
    };

    private static ReadOnlyMemory<byte> OddKeywords(Random random) => random.Next(3) switch
    {
        0 => Encoding.UTF8.GetBytes("""{"a b": 1, "class": null, "ключ": [true], "": 0}"""),
        1 => Encoding.UTF8.GetBytes("""{"x": {"y": {"z": {"deep": [1, 2]}}}}"""),
        _ => "{}"u8.ToArray(),
    };
}
