using Celeriac.Conformance;

namespace Celeriac.Redis.Tests;

/// <summary>Every fact about transports, on Redis.</summary>
public sealed class RedisTransportConformance() : TransportConformance(new RedisHarness());

/// <summary>Every fact about transports, on Redis in the native form.</summary>
public sealed class RedisNativeTransportConformance() : TransportConformance(new RedisNativeHarness());

/// <summary>All facts share one server; their names differ. Each has a network of its own before it.</summary>
public class RedisHarness : TransportHarness
{
    private TcpProxy? _network;

    public override TcpProxy Network => _network ??= TcpProxy.Start("127.0.0.1", SharedServer.Server.Port);

    public override string Url => Network.Through(SharedServer.Server.Url);

    public override string PeerAssembly => Path.Combine(AppContext.BaseDirectory, "Celeriac.Conformance.Peer.dll");

    protected override ValueTask CleanUpAsync() => _network?.DisposeAsync() ?? default;
}

/// <summary>The same server, where queues of both forms live side by side.</summary>
public sealed class RedisNativeHarness : RedisHarness
{
    public override string Url => $"{base.Url}?form=native";
}
