using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Celeriac.Bench.Acting;

/// <summary>A worker as the guide builds it, with a host and the command line: what a cold start really is.</summary>
internal sealed class CeleriacHost(Arguments arguments) : Actor
{
    private readonly Meter _meter = new(1);
    private IHost? _host;

    public override async Task<Report> RunAsync(CancellationToken end)
    {
        Tally.Expect(arguments, _meter);
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Services.AddCeleriac(celeriac => celeriac.AddTasks().Broker(arguments.Broker).Configure(options => options.DefaultQueue = arguments.Queue));
        _host = builder.Build();
        var work = _host.RunCeleriacAsync(["worker", "-l", "error"]);
        var report = await Tally.FinishAsync(end);
        _host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await work;
        return report;
    }

    public override ValueTask DisposeAsync()
    {
        _host?.Dispose();
        return ValueTask.CompletedTask;
    }
}
