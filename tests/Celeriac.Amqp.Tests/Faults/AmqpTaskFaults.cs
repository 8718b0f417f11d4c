using Celeriac.Brokers;
using Celeriac.Conformance;

namespace Celeriac.Amqp.Tests.Faults;

/// <summary>After everything else, and one after the other: they take the processors for themselves.</summary>
[CollectionDefinition(nameof(Faults), DisableParallelization = true)]
public sealed class FaultCollection;

/// <summary>Worker and caller on a RabbitMQ that goes and comes.</summary>
[Collection(nameof(Faults))]
public sealed class AmqpTaskFaults(OwnServer own) : TaskFaults(new AmqpFaultHarness(own.Server)), IClassFixture<OwnServer>;

/// <summary>A server of the class's own.</summary>
public sealed class OwnServer : IAsyncLifetime
{
    private RabbitMqServer? _server;

    public RabbitMqServer Server => _server ?? SharedServer.Server;

    public async ValueTask InitializeAsync()
    {
        try
        {
            _server = await RabbitMqServer.StartAsync();
        }
        catch (BrokerNotInstalledException)
        {
            // The shared server says so, to each test.
        }
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? default;
}

internal sealed class AmqpFaultHarness(RabbitMqServer server) : FaultHarness
{
    public override TcpProxy Network { get; } = TcpProxy.Start("127.0.0.1", server.AmqpPort);

    public override string BrokerUrl => $"{Network.Through(server.AmqpUrl)}?{QuickOptions}";

    public override int Restarts => 3;

    public override Task StopBrokerAsync(bool kill) => kill ? server.KillAsync() : server.StopAsync();

    public override Task StartBrokerAsync() => server.RestartAsync();

    protected override ValueTask CleanUpAsync() => Network.DisposeAsync();
}
