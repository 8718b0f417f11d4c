namespace Celeriac.Brokers;

/// <summary>The ActiveMQ server of a test assembly: <c>[assembly: AssemblyFixture(typeof(ActiveMqFixture))]</c>.</summary>
public sealed class ActiveMqFixture() : BrokerFixture<ActiveMqServer>(() => ActiveMqServer.StartAsync(new ActiveMqOptions { Tls = true }));
