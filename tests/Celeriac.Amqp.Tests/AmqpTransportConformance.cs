using Celeriac.Conformance;

namespace Celeriac.Amqp.Tests;

public sealed class AmqpTransportConformance() : TransportConformance(new AmqpHarness("queue_type=classic"));

public sealed class AmqpQuorumTransportConformance() : TransportConformance(new AmqpHarness("queue_type=quorum"));

/// <summary>All facts share one server; their names differ. Each has a network of its own before it.</summary>
public sealed class AmqpHarness(string options) : TransportHarness
{
    public override TcpProxy Network { get; } = TcpProxy.Start("127.0.0.1", SharedServer.Server.AmqpPort);

    public override string Url => $"{Network.Through(SharedServer.Server.AmqpUrl)}?{options}";

    public override bool ReturnsInOrder => !options.Contains("quorum", StringComparison.Ordinal);

    public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");

    protected override ValueTask CleanUpAsync() => Network.DisposeAsync();
}
