using Celeriac.Bench.Acting;

namespace Celeriac.Bench.Running;

/// <summary>What one run of one contender has shown.</summary>
/// <param name="Rate">Tasks a second.</param>
/// <param name="ActorMicroseconds">Processor time of client and worker for each task.</param>
/// <param name="BrokerMicroseconds">Processor time of the broker for each task; NaN where there is none.</param>
/// <param name="Megabytes">Resident memory of the process whose time counts, at its end.</param>
/// <param name="Bytes">Allocated for each task, in all processes that tell.</param>
/// <param name="Median">Of the times of single tasks, in microseconds.</param>
/// <param name="Percentile99">Of the same.</param>
/// <param name="Longest">Of the same.</param>
/// <param name="StartMilliseconds">From the start of the process to the beginning of its measured part.</param>
/// <param name="CorePercent">Processor time of client and worker as a part of one core.</param>
internal sealed record Outcome(
    double Rate, double ActorMicroseconds, double BrokerMicroseconds, double Megabytes, double Bytes, double Median, double Percentile99, double Longest,
    double StartMilliseconds, double CorePercent)
{
    public static Outcome From(Report lead, IReadOnlyList<Report> all, ProcessTimes begin, ProcessTimes done, double megabytes, TimeSpan start)
    {
        var actors = (done.Actors - begin.Actors).TotalMicroseconds;
        return new Outcome(
            lead.Tasks / lead.Seconds,
            actors / lead.Tasks,
            (done.Broker - begin.Broker)?.TotalMicroseconds / lead.Tasks ?? double.NaN,
            megabytes,
            all.Where(report => !double.IsNaN(report.Allocated)).Select(report => report.Allocated / lead.Tasks).DefaultIfEmpty(double.NaN).Sum(),
            lead.Median,
            lead.Percentile99,
            lead.Longest,
            start.TotalMilliseconds,
            actors / lead.Seconds / 10_000);
    }
}
