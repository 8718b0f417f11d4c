using System.Diagnostics;
using Celeriac;
using Celeriac.Pools.Peer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// A worker as a user writes it, whose tasks do to their process whatever a process can suffer.
var builder = Host.CreateApplicationBuilder();
// On the standard output, before anything of Celeriac runs: nothing that a program writes may disturb its pool.
Console.WriteLine($"program {Environment.ProcessId} begins");
if (args is ["broken", ..] && Environment.GetEnvironmentVariable("_CELERIAC_POOL_CHILD") is not null)
{
    Console.Error.WriteLine("this program does not want to be a child");
    return 3;
}
if (Environment.GetEnvironmentVariable("PEER_LISTENS") is not null && Environment.GetEnvironmentVariable("_CELERIAC_POOL_CHILD") is null)
{
    // As with OpenTelemetry, whose provider a host starts: there is none in a child.
    ActivitySource.AddActivityListener(new ActivityListener { ShouldListenTo = source => source.Name == CeleriacTelemetry.ActivitySourceName, Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded });
}
builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
builder.Services.AddSingleton<Counter>();
builder.Services.AddCeleriac(celeriac => celeriac.AddTasks());
if (args is ["host", var url])
{
    // Without the command line: the worker runs with the host, beside services that children must not start.
    builder.Services.AddCeleriac(celeriac => celeriac.Broker(url).AddWorker(worker =>
    {
        worker.Pool = Celeriac.WorkerPool.Processes;
        worker.Concurrency = 1;
    }));
    builder.Services.AddHostedService<Neighbour>();
    using var plain = builder.Build();
    await plain.RunAsync();
    return 0;
}
using var host = builder.Build();
return await host.RunCeleriacAsync(args is ["broken", ..] ? args[1..] : args);
