using Celeriac.Brokers;
using Celeriac.Conformance;
using Celeriac.Messaging;

[assembly: AssemblyFixture(typeof(ActiveMqFixture))]
[assembly: AssemblyFixture(typeof(RabbitMqFixture))]

namespace Celeriac.Stomp.Tests;

/// <summary>All facts share one server; their names differ. Each has a network of its own before it.</summary>
public abstract class StompHarness : TransportHarness
{
    private TcpProxy? _network;
    private string? _serverUrl;

    static StompHarness() => Transports.Add("stomp", new StompTransportFactory());

    public override TcpProxy Network => _network ?? throw new InvalidOperationException("The broker was not started.");

    public override string Url => Network.Through(_serverUrl!);

    public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");

    public override async ValueTask StartAsync()
    {
        _serverUrl = await ServerUrlAsync();
        var server = BrokerUrl.Parse(_serverUrl);
        _network = TcpProxy.Start(server.Host, server.Port!.Value);
    }

    protected abstract ValueTask<string> ServerUrlAsync();

    protected override ValueTask CleanUpAsync() => _network?.DisposeAsync() ?? default;
}

public sealed class ActiveMqHarness : StompHarness
{
    protected override async ValueTask<string> ServerUrlAsync() =>
        (await TestContext.Current.GetFixture<ActiveMqFixture>())!.Server.StompUrl;
}

public sealed class RabbitMqStompHarness : StompHarness
{
    protected override async ValueTask<string> ServerUrlAsync() =>
        (await TestContext.Current.GetFixture<RabbitMqFixture>())!.Server.StompUrl;
}
