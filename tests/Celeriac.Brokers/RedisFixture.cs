namespace Celeriac.Brokers;

/// <summary>The Redis server of a test assembly: <c>[assembly: AssemblyFixture(typeof(RedisFixture))]</c>.</summary>
public sealed class RedisFixture() : BrokerFixture<RedisServer>(() => RedisServer.StartAsync(new RedisOptions { Tls = true }));
