using Celeriac.Conformance;

namespace Celeriac.Tests;

/// <summary>Tasks over memory, results in memory.</summary>
public sealed class MemoryTaskConformance : TaskConformance<MemoryTaskConformance.Place>
{
    public sealed class Place : TaskHarness
    {
        public override string BrokerUrl { get; } = $"memory://{Guid.NewGuid():N}";
    }
}

/// <summary>Tasks over memory, results as replies.</summary>
public sealed class MemoryReplyTaskConformance : TaskConformance<MemoryReplyTaskConformance.Place>
{
    public sealed class Place : TaskHarness
    {
        public override string BrokerUrl { get; } = $"memory://{Guid.NewGuid():N}";
        public override string ResultBackend => "rpc://";
    }
}
