namespace Celeriac.Brokers;

/// <summary>The PostgreSQL server of a test assembly: <c>[assembly: AssemblyFixture(typeof(PostgresFixture))]</c>.</summary>
public sealed class PostgresFixture() : BrokerFixture<PostgresServer>(() => PostgresServer.StartAsync());
