using Celeriac.Conformance;

namespace Celeriac.Redis.Tests;

/// <summary>Results in Redis, behind a network that fails.</summary>
public sealed class RedisResultConformance : ResultStoreConformance<RedisResultConformance.Place>
{
    public sealed class Place : ResultStoreHarness
    {
        private TcpProxy? _network;

        public override TcpProxy Network => _network ??= TcpProxy.Start("127.0.0.1", SharedServer.Server.Port);

        public override string ResultBackend => $"{Network.Through(SharedServer.Server.Url)}?reconnect_delay=20ms&reconnect_delay_max=200ms&publish_timeout=3s";

        protected override async ValueTask CleanUpAsync()
        {
            if (_network is not null)
            {
                await _network.DisposeAsync();
            }
        }
    }
}

/// <summary>Tasks over memory, results in Redis.</summary>
public sealed class MemoryWithRedisResultsConformance : TaskConformance<MemoryWithRedisResultsConformance.Place>
{
    public sealed class Place : TaskHarness
    {
        public override string BrokerUrl { get; } = $"memory://{Guid.NewGuid():N}";

        public override string ResultBackend => SharedServer.Server.Url;
    }
}

/// <summary>Shared state in Redis.</summary>
public sealed class RedisStateConformance : StateStoreConformance<RedisStateConformance.Place>
{
    public sealed class Place : StateStoreHarness
    {
        public override string StateStore => SharedServer.Server.Url;

        public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");
    }
}
