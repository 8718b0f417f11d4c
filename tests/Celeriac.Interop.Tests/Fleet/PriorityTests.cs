using System.Globalization;
using Celeriac.Interop.Peer;

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>A queue that Python has declared with <c>x-max-priority</c>: calls of both sides are run by priority, by a worker of either side.</summary>
public sealed class PriorityTests : InteropTest, IAsyncLifetime
{
    private readonly string _queue = $"urgent-{Guid.NewGuid().ToString("N")[..8]}";
    private readonly string _ledger = Path.Combine(Path.GetTempPath(), $"celeriac-ledger-{Guid.NewGuid():N}");
    // Sent in this order: the priority is the number's tens. Even ones are sent by Python.
    private static readonly int[] s_sent = [10, 51, 92, 3, 54, 95, 16, 7, 98, 59];
    // Highest first; in the order of sending among equals.
    private static readonly int[] s_expected = [92, 95, 98, 51, 54, 59, 10, 16, 3, 7];

    public PriorityTests(InteropPlace place, PythonClient python) : base(place, python) => Python.Settings["INTEROP_MAX_PRIORITY"] = "10";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        File.Delete(_ledger);
        return ValueTask.CompletedTask;
    }

    [Fact(Timeout = Limit)]
    public async Task A_CSharp_worker_runs_the_calls_of_both_sides_by_priority()
    {
        await SendAllAsync();
        await using var worker = await CSharpWorker.StartAsync(Place.Server.AmqpUrl, _queue, "urgent-cs@interop", configure: celeriac => celeriac.AddWorker(options => (options.Concurrency, options.PrefetchMultiplier) = (1, 1)));

        Assert.Equal(s_expected.Select(number => $"{number} cs"), await LinesAsync());
        Assert.DoesNotContain(worker.Log, line => line.StartsWith("Warning", StringComparison.Ordinal) || line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task A_Python_worker_runs_them_in_the_same_order()
    {
        await SendAllAsync();
        await using var worker = await PythonWorker.StartAsync(new PythonWorkerOptions
        {
            BrokerUrl = Place.Server.AmqpUrl,
            Queue = _queue,
            Node = "urgent-py@interop",
            Settings = Python.Settings,
            Arguments = ["--without-mingle", "--without-gossip", "-c", "1", "-O", "fair"],
        });

        Assert.Equal(s_expected.Select(number => $"{number} py"), await LinesAsync());
        Assert.Empty(worker.Complaints());
    }

    private async Task SendAllAsync()
    {
        await using var client = TaskClient.Open(new CeleriacOptions { BrokerUrl = Place.Server.AmqpUrl, ResultBackend = "rpc://", DefaultQueue = _queue });
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
