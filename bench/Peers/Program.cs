using Celeriac.Bench.Acting;
using Celeriac.Bench.Peers;

// An actor of the bench: `Peers NAME name=value…`, as Celeriac.Bench starts it.
var arguments = new Arguments(args[1..]);
await Actor.PlayAsync(args[0] switch
{
    "masstransit-client" => new MassTransitClient(arguments),
    "masstransit-worker" => new MassTransitWorker(arguments),
    "quartz" => new QuartzScheduler(arguments),
    var name => throw new ArgumentException($"There is no peer '{name}'."),
});
