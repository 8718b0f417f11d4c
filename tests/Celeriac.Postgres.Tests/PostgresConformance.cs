using Celeriac.Conformance;

namespace Celeriac.Postgres.Tests;

/// <summary>The facts of every transport, behind a network that fails.</summary>
public sealed class PostgresTransportConformance() : TransportConformance(new Place())
{
    private sealed class Place : TransportHarness
    {
        private TcpProxy? _network;

        public override TcpProxy Network => _network ??= TcpProxy.Start("127.0.0.1", SharedServer.Server.Port);

        public override string Url => $"{Network.Through(SharedServer.Server.Url)}?schema={SharedServer.SharedSchema}&sweep=200ms";

        public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");

        protected override async ValueTask CleanUpAsync()
        {
            if (_network is not null)
            {
                await _network.DisposeAsync();
            }
        }
    }
}

/// <summary>Results in PostgreSQL, behind a network that fails.</summary>
public sealed class PostgresResultConformance : ResultStoreConformance<PostgresResultConformance.Place>
{
    public sealed class Place : ResultStoreHarness
    {
        private TcpProxy? _network;

        public override TcpProxy Network => _network ??= TcpProxy.Start("127.0.0.1", SharedServer.Server.Port);

        public override string ResultBackend =>
            $"{Network.Through(SharedServer.Server.Url)}?schema={SharedServer.SharedSchema}&reconnect_delay=20ms&reconnect_delay_max=200ms&publish_timeout=3s&sweep=200ms";

        protected override async ValueTask CleanUpAsync()
        {
            if (_network is not null)
            {
                await _network.DisposeAsync();
            }
        }
    }
}

/// <summary>Tasks and results in one schema.</summary>
public sealed class PostgresTaskConformance : TaskConformance<PostgresTaskConformance.Place>
{
    public sealed class Place : TaskHarness
    {

        public override string BrokerUrl => $"{SharedServer.Server.Url}?schema={SharedServer.SharedSchema}&sweep=200ms";

        public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");
    }
}

/// <summary>Shared state in PostgreSQL.</summary>
public sealed class PostgresStateConformance : StateStoreConformance<PostgresStateConformance.Place>
{
    public sealed class Place : StateStoreHarness
    {
        public override string StateStore => $"{SharedServer.Server.Url}?schema={SharedServer.SharedSchema}&sweep=200ms";

        public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");
    }
}
