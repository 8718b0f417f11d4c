using Celeriac.Messaging;

namespace Celeriac.Conformance;

/// <summary>
/// Real tasks over a transport and a result store: what a user of the task layer may rely on, whatever is underneath.
/// A pair's test project is a constructor and this base class.
/// </summary>
/// <typeparam name="THarness">Where the facts run.</typeparam>
public abstract partial class TaskConformance<THarness> : IAsyncLifetime where THarness : TaskHarness, new()
{
    private const int Limit = 60_000;

    /// <summary>The place of this fact.</summary>
    protected THarness Harness { get; } = new();

    private TaskClient Client => Harness.Client;
    private TimeSpan Patience => Harness.Patience;
    private string GateName => $"{Harness.Queue}";
    private Gate Gate => ConformanceTasks.GateOf(GateName);
    private Celeriac.Messaging.ITransport Transport => Harness.Transport;
    private string QuarantineQueue => $"{Harness.Queue}.quarantine";

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

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

    private async Task<QueueCounts> CountsAsync() => Assert.IsType<QueueCounts>(await Transport.CountAsync(Harness.Queue));
}
