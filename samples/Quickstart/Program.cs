// The first five minutes: process A (this one) asks, process B (a worker, the same program started again) works and replies.
//
//   dotnet run --project samples/Quickstart                        the whole story, a few seconds, nothing to install
//   dotnet run --project samples/Quickstart -- --broker URL        the same on another broker
//   dotnet run --project samples/Quickstart -- worker --help       the program as its own worker, with Celery's verbs and flags
using Celeriac;
using Celeriac.Samples;
using Celeriac.Samples.Quickstart;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

return args switch
{
    [] => await Stage.RunAsync(BuildQuietHost, brokerUrl: null),
    ["--broker", var url] => await Stage.RunAsync(BuildQuietHost, url),
    _ => await BuildHost().RunCeleriacAsync(args),
};

static IHost BuildHost() => BuildWith(Host.CreateApplicationBuilder());

// The story speaks for itself: a warning about the worker that it has killed is no news.
static IHost BuildQuietHost()
{
    var builder = Host.CreateApplicationBuilder();
    builder.Logging.SetMinimumLevel(LogLevel.Error);
    return BuildWith(builder);
}

// Both processes are built alike: the same tasks, the same queue, the same way home for results.
static IHost BuildWith(HostApplicationBuilder builder)
{
    builder.Services.AddCeleriac(celeriac => celeriac
        .AddTasks()
        .Configure(options => options.DefaultQueue = "quickstart")
        // As in the picture: B replies, A acknowledges. Without this line SQLite keeps results beside the queue, for any process to read.
        .ResultBackend("rpc://"));
    builder.Services.AddHostedService<EndOfInput>();
    return builder.Build();
}
