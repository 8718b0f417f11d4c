using System.Globalization;
using Celeriac.Bench.Acting;
using Quartz;
using Quartz.Impl;

namespace Celeriac.Bench.Peers;

/// <summary>Quartz with its store in memory: one-off jobs for now, each scheduled for itself and counted inside.</summary>
internal sealed class QuartzScheduler(Arguments arguments) : Actor
{
    private readonly Meter _meter = new(0);
    private IScheduler? _scheduler;

    public override async Task PrepareAsync()
    {
        Tally.Expect(arguments, _meter);
        var builder = SchedulerBuilder.Create().UseInMemoryStore();
        if (arguments.Has("batch"))
        {
            builder.UseDefaultThreadPool(pool => pool.MaxConcurrency = arguments.Number("threads", 10));
            builder.MaxBatchSize = arguments.Number("batch", 1);
        }
        _scheduler = await builder.BuildScheduler();
        await _scheduler.Start();
    }

    public override async Task<Report> RunAsync(CancellationToken end)
    {
        for (var index = 0; index < arguments.Warm + arguments.Tasks; index++)
        {
            var name = index.ToString(CultureInfo.InvariantCulture);
            await _scheduler!.ScheduleJob(JobBuilder.Create<NoopJob>().WithIdentity(name).Build(), TriggerBuilder.Create().WithIdentity(name).StartNow().Build(), CancellationToken.None);
        }
        return await Tally.FinishAsync(end);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_scheduler is not null)
        {
            await _scheduler.Shutdown();
        }
    }

    internal sealed class NoopJob : IJob
    {
        public Task Execute(IJobExecutionContext context)
        {
            Tally.Run(0);
            return Task.CompletedTask;
        }
    }
}
