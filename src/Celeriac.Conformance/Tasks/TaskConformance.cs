using Celeriac.Messaging;

namespace Celeriac.Conformance;

/// <summary>
/// Real tasks over a transport and a result store: what a user of the task layer may rely on, whatever is underneath.
/// A pair's test project is a constructor and this base class.
/// </summary>
/// <typeparam name="THarness">Where the facts run.</typeparam>
public abstract partial class TaskConformance<THarness> : IAsyncLifetime where THarness : TaskHarness, new()
{
    private const int Limit = 180_000;

    /// <summary>How a task may end, for the tasks that end as they are told to, and after how many runs.</summary>
    public static TheoryData<string, int> Ends => new() { { "succeed", 1 }, { "fail", 1 }, { "ignore", 1 }, { "reject", 1 }, { "retry", 2 }, { "expire", 0 } };

    /// <summary>The place of this fact.</summary>
    protected THarness Harness { get; } = new();

    private TaskClient Client => Harness.Client;
    private TimeSpan Patience => Harness.Patience;
    private string GateName => $"{Harness.Queue}";
    private Gate Gate => ConformanceTasks.GateOf(GateName);
    private ITransport Transport => Harness.Transport;
    private TransportCapabilities Can => Transport.Capabilities;
    private string QuarantineQueue => $"{Harness.Queue}.quarantine";

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        await Harness.StartAsync();
        // What a server can do, which the facts ask, is known once it is connected.
        await Transport.ConnectAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Gate.Open();
        await Harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>The message that was put aside, when it is there.</summary>
    private async Task<Delivery> QuarantinedAsync()
    {
        await Transport.DeclareAsync(Topology.Queue(QuarantineQueue));
        await using var subscription = await Transport.SubscribeAsync(new SubscriptionOptions([QuarantineQueue]));
        using var patience = new CancellationTokenSource(Patience);
        var delivery = await subscription.ReceiveAsync(patience.Token);
        Assert.NotNull(delivery);
        await delivery.AckAsync();
        return delivery;
    }

    private static string Reason(Delivery quarantined) => quarantined.Message.Headers.TextOf("x-celeriac-quarantine-reason") ?? "(none)";

    private async Task<RemoteTaskException> FailureOf<T>(AsyncResult<T> sent) =>
        await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetAsync(Patience));

    /// <summary>
    /// Fails unless the queue comes to hold so many messages that a worker could take. A broker gives back in the background;
    /// one that does not count has them taken and given back.
    /// </summary>
    private async Task ReadyAsync(long expected)
    {
        var ready = new List<long>();
        bool IsAsExpected(long count)
        {
            ready.Add(count);
            return count == expected;
        }
        await Eventually(async () => IsAsExpected(await CountReadyAsync()), () => $"queue '{Harness.Queue}' holds {expected} ready messages; it held {string.Join(", ", ready.Distinct())} and at last {ready[^1]}");
    }

    private async Task<long> CountReadyAsync()
    {
        if (Can.Counts)
        {
            return (await CountsAsync()).Ready;
        }
        var taken = new List<Delivery>();
        while (await Transport.GetAsync(Harness.Queue) is { } delivery)
        {
            taken.Add(delivery);
        }
        foreach (var delivery in taken)
        {
            await delivery.RequeueAsync();
        }
        return taken.Count;
    }

    /// <summary>Fails unless every message is done: none is ready, and none is held, as far as the transport can tell.</summary>
    private async Task NothingIsLeftAsync()
    {
        await ReadyAsync(0);
        if (Can is { Counts: true, CountsUnacknowledged: true })
        {
            await Eventually(async () => await CountsAsync() is { Ready: 0, Unacknowledged: 0 }, $"queue '{Harness.Queue}' is empty and nobody holds a message of it");
        }
    }

    private async Task<QueueCounts> CountsAsync() => Assert.IsType<QueueCounts>(await Transport.CountAsync(Harness.Queue));
}
