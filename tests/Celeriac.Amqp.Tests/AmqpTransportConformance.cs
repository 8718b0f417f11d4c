using Celeriac.Conformance;

namespace Celeriac.Amqp.Tests;

public sealed class AmqpTransportConformance() : TransportConformance(new AmqpHarness("queue_type=classic"));

public sealed class AmqpQuorumTransportConformance() : TransportConformance(new AmqpHarness("queue_type=quorum"));

/// <summary>All facts share one server; their names differ.</summary>
public sealed class AmqpHarness(string options) : TransportHarness
{
    public override string Url => $"{RabbitMqFixture.Node.Url}?{options}";

    public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");
}
