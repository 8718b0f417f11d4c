using Celeriac.Brokers;
using Celeriac.Conformance;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests.Faults;

/// <summary>After everything else, and one after the other: they take the processors for themselves.</summary>
[CollectionDefinition(nameof(Faults), DisableParallelization = true)]
public sealed class FaultCollection;

/// <summary>Worker and caller on an ActiveMQ that goes and comes.</summary>
[Collection(nameof(Faults))]
public sealed class ActiveMqTaskFaults(OwnActiveMq own) : TaskFaults(new ActiveMqFaultHarness(own.Server)), IClassFixture<OwnActiveMq>;

/// <summary>A server of the class's own. Where ActiveMQ is not installed, the tests are skipped on a desk and fail when <c>CI=true</c>.</summary>
public sealed class OwnActiveMq() : BrokerFixture<ActiveMqServer>(() => ActiveMqServer.StartAsync());

internal sealed class ActiveMqFaultHarness(ActiveMqServer server) : FaultHarness
{
    static ActiveMqFaultHarness() => Transports.Add("stomp", new StompTransportFactory());

    public override TcpProxy Network { get; } = TcpProxy.Start("127.0.0.1", server.StompPort);

    public override string BrokerUrl => $"{Network.Through(server.StompUrl)}?{QuickOptions}";

    public override int Restarts => 8;

    public override Task StopBrokerAsync(bool kill) => kill ? server.KillAsync() : server.StopAsync();

    public override Task StartBrokerAsync() => server.RestartAsync();

    protected override ValueTask CleanUpAsync() => Network.DisposeAsync();
}
