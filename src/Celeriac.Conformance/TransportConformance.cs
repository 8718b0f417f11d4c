using Celeriac.Messaging;

namespace Celeriac.Conformance;

/// <summary>
/// What every transport must do, as facts. A transport's test project derives one class from it and has every fact, also those written later:
/// <code>public sealed class SqliteTransportConformance() : TransportConformance(new SqliteHarness());</code>
/// A fact that needs a capability asserts, where <see cref="TransportCapabilities"/> does not claim it, that the refusal is clear; no fact is skipped.
/// </summary>
public abstract partial class TransportConformance : IAsyncLifetime
{
    /// <summary>How many milliseconds a fact may take.</summary>
    protected const int Limit = 120_000;

    /// <summary>
    /// How long a fact looks for what must not happen. It is short because it is spent in full whenever the transport is right;
    /// where one can be had, a fact waits for a later message instead.
    /// </summary>
    protected static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(250);

    private ITransport? _transport;

    /// <summary>Made by xunit for each fact.</summary>
    /// <param name="harness">A fresh place. The fact disposes it.</param>
    protected TransportConformance(TransportHarness harness)
    {
        ArgumentNullException.ThrowIfNull(harness);
        Harness = harness;
    }

    /// <summary>Where the fact runs.</summary>
    protected TransportHarness Harness { get; }

    /// <summary>A connection to the fact's place.</summary>
    protected ITransport Transport => _transport ?? throw new InvalidOperationException("The fact has not been initialised.");

    /// <summary>What the transport claims.</summary>
    protected TransportCapabilities Can => Transport.Capabilities;

    /// <inheritdoc/>
    public virtual async ValueTask InitializeAsync()
    {
        await Harness.StartAsync();
        _transport = Harness.Open();
        await _transport.ConnectAsync(Cancelled);
    }

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        await Harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Cancelled when the fact's time is up.</summary>
    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;
}
