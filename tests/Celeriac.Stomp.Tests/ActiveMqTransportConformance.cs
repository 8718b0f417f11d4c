using Celeriac.Brokers;
using Celeriac.Conformance;
using Celeriac.Messaging;

[assembly: AssemblyFixture(typeof(ActiveMqFixture))]
[assembly: AssemblyFixture(typeof(RabbitMqFixture))]

namespace Celeriac.Stomp.Tests;

/// <summary>Every fact about transports, on ActiveMQ.</summary>
public sealed class ActiveMqTransportConformance() : TransportConformance(new ActiveMqHarness());

public sealed class ActiveMqHarness : TransportHarness
{
    private string? _url;

    static ActiveMqHarness() => Transports.Add("stomp", new StompTransportFactory());

    public override string Url => _url ?? throw new InvalidOperationException("The broker was not started.");

    public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");

    public override async ValueTask StartAsync()
    {
        var fixture = await TestContext.Current.GetFixture<ActiveMqFixture>();
        _url = (await fixture!.ServerAsync()).StompUrl;
    }
}
