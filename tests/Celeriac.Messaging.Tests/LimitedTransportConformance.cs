using Celeriac.Conformance;
using Celeriac.Messaging.Stores;

namespace Celeriac.Messaging.Tests;

/// <summary>A transport that claims hardly anything: every fact runs its other branch, where what is missing must be refused in clear words.</summary>
public sealed class LimitedTransportConformance() : TransportConformance(new LimitedHarness());

public sealed class LimitedHarness : TransportHarness
{
    private readonly MemoryQueueStore _store = new(TimeProvider.System)
    {
        Capabilities = new TransportCapabilities { AtomicCompletion = true, MaxBodyBytes = 10 * 1024 * 1024 },
    };

    public override string Url => "memory://limited";

    protected override ITransport Create(string url) => new StoreTransport(BrokerUrl.Parse(url), _store, new TransportContext());
}
