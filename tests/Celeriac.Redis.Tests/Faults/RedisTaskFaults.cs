using Celeriac.Brokers;
using Celeriac.Conformance;

namespace Celeriac.Redis.Tests.Faults;

/// <summary>After everything else, and one after the other: they take the processors for themselves.</summary>
[CollectionDefinition(nameof(Faults), DisableParallelization = true)]
public sealed class FaultCollection;

/// <summary>Worker and caller on a Redis that goes and comes.</summary>
[Collection(nameof(Faults))]
public sealed class RedisTaskFaults(OwnRedis own) : TaskFaults(new RedisFaultHarness(own.Server)), IClassFixture<OwnRedis>;

/// <summary>A server of the class's own, which writes its file before each answer. Where Redis is not installed, the tests are skipped on a desk and fail when <c>CI=true</c>.</summary>
public sealed class OwnRedis() : BrokerFixture<RedisServer>(() => RedisServer.StartAsync(new Brokers.RedisOptions { ExtraConfiguration = "appendfsync everysec" }));

internal sealed class RedisFaultHarness(RedisServer server) : FaultHarness
{
    public override TcpProxy Network { get; } = TcpProxy.Start("127.0.0.1", server.Port);

    public override string BrokerUrl => $"{Network.Through(server.Url)}?{QuickOptions}&lease=2s";

    public override int Restarts => 8;

    public override Task StopBrokerAsync(bool kill) => kill ? server.KillAsync() : server.StopAsync();

    public override Task StartBrokerAsync() => server.RestartAsync();

    protected override ValueTask CleanUpAsync() => Network.DisposeAsync();
}
