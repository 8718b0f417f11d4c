using Celeriac.Brokers;

[assembly: AssemblyFixture(typeof(RabbitMqFixture))]
[assembly: AssemblyFixture(typeof(ActiveMqFixture))]
[assembly: AssemblyFixture(typeof(RedisFixture))]
// Each of these stops, kills or freezes the brokers that the others use.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
