namespace Celeriac.Brokers;

/// <summary>The RabbitMQ server of a test assembly: <c>[assembly: AssemblyFixture(typeof(RabbitMqFixture))]</c>.</summary>
public sealed class RabbitMqFixture() : BrokerFixture<RabbitMqServer>(() => RabbitMqServer.StartAsync(new RabbitMqOptions { Tls = true }));
