using Celeriac.Conformance;

namespace Celeriac.Redis.Tests;

/// <summary>Tasks through Redis, results in Redis.</summary>
public sealed class RedisTaskConformance : TaskConformance<RedisTaskConformance.Place>
{
    public sealed class Place : TaskHarness
    {
        // A machine that is busy for longer than the default of 5 s is no fault of what is shown here.
        public override string BrokerUrl => $"{SharedServer.Server.Url}?publish_timeout=30s";

        public override string ResultBackend => BrokerUrl;

        public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");
    }
}

/// <summary>Tasks through Redis in the native form, results in Redis.</summary>
public sealed class RedisNativeTaskConformance : TaskConformance<RedisNativeTaskConformance.Place>
{
    public sealed class Place : TaskHarness
    {
        public override string BrokerUrl => $"{SharedServer.Server.Url}?form=native";

        public override string ResultBackend => SharedServer.Server.Url;

        public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");
    }
}
