using Celeriac.Conformance;

namespace Celeriac.Messaging.Tests;

public sealed class MemoryTransportConformance() : TransportConformance(new MemoryHarness());

public sealed class MemoryHarness : TransportHarness
{
    public override string Url { get; } = $"memory://{Guid.NewGuid():N}";
}
