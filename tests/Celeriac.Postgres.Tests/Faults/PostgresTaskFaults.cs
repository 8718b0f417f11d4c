using Celeriac.Brokers;
using Celeriac.Conformance;
using Celeriac.Messaging;

namespace Celeriac.Postgres.Tests;

/// <summary>After everything else, and one after the other: they take the processors for themselves.</summary>
[CollectionDefinition("Faults", DisableParallelization = true)]
public sealed class FaultCollection;

/// <summary>A server of the facts' own, because they stop and kill it.</summary>
public sealed class RestartedServer : IAsyncLifetime
{
    private PostgresServer? _server;

    public PostgresServer Server => SharedServer.Server is not null && _server is { } server ? server : throw new InvalidOperationException("The server is not started.");

    public async ValueTask InitializeAsync() => _server = await PostgresServer.StartAsync();

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? default;
}

/// <summary>Worker and caller on a server that is stopped and killed, behind a network that fails.</summary>
[Collection("Faults")]
public sealed class PostgresTaskFaults(RestartedServer own) : TaskFaults(new Place(own.Server)), IClassFixture<RestartedServer>
{
    private sealed class Place(PostgresServer server) : FaultHarness
    {
        private readonly string _schema = SharedServer.NewSchema();
        private TcpProxy? _network;

        public override TcpProxy Network => _network ??= TcpProxy.Start("127.0.0.1", server.Port);

        public override string BrokerUrl => $"{Network.Through(server.Url)}?schema={_schema}&{QuickOptions}";

        // Results lie beside the tasks, and are as safe as they.
        public override string ResultBackend => BrokerUrl;

        public override int Restarts => 4;

        public override Task StopBrokerAsync(bool kill) => kill ? server.KillAsync() : server.StopAsync();

        public override Task StartBrokerAsync() => server.RestartAsync();

        protected override async ValueTask CleanUpAsync()
        {
            if (_network is not null)
            {
                await _network.DisposeAsync();
            }
        }
    }
}
