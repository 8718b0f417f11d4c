using System.Globalization;
using Celeriac.Brokers;
using Celeriac.Interop.Peer;

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>Kombu's four steps of priority on Redis, lower first: calls of both sides are run in that order by a worker of either side.</summary>
public sealed class RedisPriorityTests(InteropPlace place, RedisFixture redis, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    private readonly string _queue = $"urgent-{Guid.NewGuid().ToString("N")[..8]}";
    private readonly string _ledger = Path.Combine(Path.GetTempPath(), $"celeriac-ledger-{Guid.NewGuid():N}");
    // Sent in this order: the priority is the number's tens. Even ones are sent by Python.
    private static readonly int[] s_sent = [90, 51, 32, 3, 94, 55, 6, 37, 98, 9];
    // Lowest step first: 0, 3 (with 5), 9; in the order of sending within a step.
    private static readonly int[] s_expected = [3, 6, 9, 51, 32, 55, 37, 90, 94, 98];

    private string Url => redis.Server.Url + "7";

    public ValueTask InitializeAsync()
    {
        RedisBrokerPlace.Register();
        (Python.BrokerUrl, Python.Backend) = (Url, Url);
        Python.Settings["INTEROP_VISIBILITY"] = "3600";
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        File.Delete(_ledger);
        return ValueTask.CompletedTask;
    }

    [Fact(Timeout = Limit)]
    public async Task A_CSharp_worker_runs_the_calls_of_both_sides_by_priority()
    {
        await SendAllAsync();
        await using var worker = await CSharpWorker.StartAsync(Url, _queue, "urgent-cs@redis", Url, celeriac => celeriac.AddWorker(options => (options.Concurrency, options.PrefetchMultiplier) = (1, 1)));
        Assert.Equal(s_expected.Select(number => $"{number} cs"), await LinesAsync());
    }

    [Fact(Timeout = Limit)]
    public async Task A_Python_worker_runs_them_in_the_same_order()
    {
        await SendAllAsync();
        await using var worker = await PythonWorker.StartAsync(new PythonWorkerOptions
        {
            BrokerUrl = Url,
            Backend = Url,
            Queue = _queue,
            Node = "urgent-py@redis",
            Settings = Python.Settings,
            Arguments = ["--without-mingle", "--without-gossip", "-c", "1", "-O", "fair"],
        });
        Assert.Equal(s_expected.Select(number => $"{number} py"), await LinesAsync());
        Assert.Empty(worker.Complaints());
    }

    private async Task SendAllAsync()
    {
        await using var client = TaskClient.Open(new CeleriacOptions { BrokerUrl = Url, ResultBackend = Url, DefaultQueue = _queue });
        foreach (var number in s_sent)
        {
            if (number % 2 == 0)
            {
                await Python.RunAsync($"send('shared.ordered', {PythonProgram.Literal(_ledger)}, {number}, queue='{_queue}', priority={number / 10})");
            }
            else
            {
                var call = PeerTasks.OrderedTask.S(_ledger, number);
                await client.SendAsync(call with { Options = new SendOptions { Priority = (byte)(number / 10) } }, Cancelled);
            }
        }
    }

    private async Task<string[]> LinesAsync()
    {
        await EventuallyAsync(async () => File.Exists(_ledger) && (await File.ReadAllLinesAsync(_ledger, Cancelled)).Length >= s_sent.Length, string.Create(CultureInfo.InvariantCulture, $"{s_sent.Length} lines in the ledger"));
        return await File.ReadAllLinesAsync(_ledger, Cancelled);
    }
}
