using Celeriac.Brokers;
using Celeriac.Conformance;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests;

/// <summary>Every fact about transports, on RabbitMQ through its STOMP plug-in.</summary>
public sealed class RabbitMqStompTransportConformance() : TransportConformance(new RabbitMqStompHarness());

public sealed class RabbitMqStompHarness : TransportHarness
{
    private string? _url;

    static RabbitMqStompHarness() => Transports.Add("stomp", new StompTransportFactory());

    public override string Url => _url ?? throw new InvalidOperationException("The broker was not started.");

    public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");

    public override async ValueTask StartAsync()
    {
        var fixture = await TestContext.Current.GetFixture<RabbitMqFixture>();
        _url = (await fixture!.ServerAsync()).StompUrl;
    }
}
