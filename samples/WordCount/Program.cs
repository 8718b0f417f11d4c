// Counts the words of a folder: one task for each file, several worker processes, and a check against a plain loop.
//
//   dotnet run -c Release --project samples/WordCount -- [FOLDER] [--workers 4] [--kill] [--broker URL] [--top 20]
//   dotnet run -c Release --project samples/WordCount -- worker --help
using Celeriac;
using Celeriac.Samples;
using Celeriac.Samples.WordCount;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

return args is ["worker", ..]
    ? await BuildHost(LogLevel.Information).RunCeleriacAsync(args)
    : await CommandLine.RunAsync(args, request => Run.StartAsync(request, () => BuildHost(LogLevel.Error)));

static IHost BuildHost(LogLevel level)
{
    var builder = Host.CreateApplicationBuilder();
    builder.Logging.SetMinimumLevel(level);
    builder.Services.AddCeleriac(celeriac => celeriac.AddTasks().Configure(options => options.DefaultQueue = "wordcount"));
    builder.Services.AddHostedService<EndOfInput>();
    return builder.Build();
}
