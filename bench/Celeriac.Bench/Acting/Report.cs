using System.Globalization;

namespace Celeriac.Bench.Acting;

/// <summary>What an actor says at its end. Times of single tasks are microseconds.</summary>
internal sealed record Report(double Tasks, double Seconds, double Allocated, double Median, double Percentile99, double Longest)
{
    /// <summary>As one line, which an actor in any language can write.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"done tasks={Tasks} seconds={Seconds:R} allocated={Allocated} p50={Median:F1} p99={Percentile99:F1} longest={Longest:F1}");

    public static Report Parse(string line)
    {
        var numbers = line.Split(' ').Skip(1).Select(word => word.Split('=')).ToDictionary(pair => pair[0], pair => double.Parse(pair[1], CultureInfo.InvariantCulture));
        return new Report(numbers["tasks"], numbers["seconds"], Get("allocated"), Get("p50"), Get("p99"), Get("longest"));

        double Get(string name) => numbers.GetValueOrDefault(name, double.NaN);
    }
}
