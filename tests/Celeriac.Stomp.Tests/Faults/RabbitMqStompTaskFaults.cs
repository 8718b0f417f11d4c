using Celeriac.Brokers;
using Celeriac.Conformance;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests.Faults;

/// <summary>Worker and caller on RabbitMQ's STOMP plug-in, on a server that goes and comes.</summary>
[Collection(nameof(Faults))]
public sealed class RabbitMqStompTaskFaults(OwnRabbitMq own) : TaskFaults(new RabbitMqStompFaultHarness(own.Server)), IClassFixture<OwnRabbitMq>;

/// <summary>A server of the class's own. Where RabbitMQ is not installed, the tests are skipped on a desk and fail when <c>CI=true</c>.</summary>
public sealed class OwnRabbitMq() : BrokerFixture<RabbitMqServer>(() => RabbitMqServer.StartAsync());

internal sealed class RabbitMqStompFaultHarness(RabbitMqServer server) : FaultHarness
{
    static RabbitMqStompFaultHarness() => Transports.Add("stomp", new StompTransportFactory());

    public override TcpProxy Network { get; } = TcpProxy.Start("127.0.0.1", server.StompPort);

    public override string BrokerUrl => $"{Network.Through(server.StompUrl)}?{QuickOptions}";

    public override int Restarts => 3;

    public override Task StopBrokerAsync(bool kill) => kill ? server.KillAsync() : server.StopAsync();

    public override Task StartBrokerAsync() => server.RestartAsync();

    protected override ValueTask CleanUpAsync() => Network.DisposeAsync();
}
