using Celeriac.Bench.Acting;
using Celeriac.Bench.Running;
using Celeriac.Bench.Yardsticks;

// The bench and all its actors are this one program: `Celeriac.Bench [--quick] [scenario…]` runs scenarios, `Celeriac.Bench actor NAME name=value…` plays one part of a run.
if (args is not ["actor", var name, .. var words])
{
    return await Bench.RunAsync(args);
}
var arguments = new Arguments(words);
await Actor.PlayAsync(name switch
{
    "client" => new CeleriacClient(arguments),
    "workflows" => new CeleriacWorkflows(arguments),
    "worker" => new CeleriacWorker(arguments),
    "host" => new CeleriacHost(arguments),
    "memory" => new CeleriacMemory(arguments),
    "channel" => new ChannelHandOff(arguments),
    "rabbit-client" => new RabbitClient(arguments),
    "rabbit-worker" => new RabbitWorker(arguments),
    "raw-client" => new RawClient(arguments),
    "raw-worker" => new RawWorker(arguments),
    "sqlite-loop" => new SqliteLoop(arguments),
    "postgres-loop" => new PostgresLoop(arguments),
    "stomp-loop" => new StompLoop(arguments),
    "stomp-caller" => new StompCaller(arguments),
    "stomp-answerer" => new StompAnswerer(arguments),
    _ => throw new ArgumentException($"There is no actor '{name}'."),
});
return 0;
