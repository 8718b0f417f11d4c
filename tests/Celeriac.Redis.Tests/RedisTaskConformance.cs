using Celeriac.Conformance;

namespace Celeriac.Redis.Tests;

/// <summary>Tasks through Redis, results in Redis.</summary>
public sealed class RedisTaskConformance : TaskConformance<RedisTaskConformance.Place>
{
    public sealed class Place : TaskHarness
    {
        public override string BrokerUrl => SharedServer.Server.Url;

        public override string ResultBackend => SharedServer.Server.Url;

        public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");
    }
}
