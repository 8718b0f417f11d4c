using Celeriac.Brokers;

[assembly: AssemblyFixture(typeof(RabbitMqFixture))]
[assembly: AssemblyFixture(typeof(ActiveMqFixture))]
// Each of these stops, kills or freezes the brokers that the others use.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
