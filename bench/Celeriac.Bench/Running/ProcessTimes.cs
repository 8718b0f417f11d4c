using System.Globalization;

namespace Celeriac.Bench.Running;

/// <summary>Processor time at one moment, from /proc.</summary>
/// <param name="Actors">Of the actors and all they have started.</param>
/// <param name="Broker">Of the broker; null where there is none.</param>
internal sealed record ProcessTimes(TimeSpan Actors, TimeSpan? Broker)
{
    // The kernel's USER_HZ, which is 100 wherever Linux runs .NET.
    private const double TicksPerSecond = 100;

    public static ProcessTimes Read(IEnumerable<int> actors, int? broker)
    {
        var all = Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0])).Select(name => ReadOne(name!)).OfType<Line>().ToList();
        return new ProcessTimes(actors.Aggregate(TimeSpan.Zero, (sum, actor) => sum + OfTree(all, actor)), broker is { } id ? OfTree(all, id) : null);
    }

    /// <summary>Resident memory of a process and all it has started, in MiB; NaN when it is gone.</summary>
    public static double Megabytes(int process)
    {
        var all = Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0])).Select(name => ReadOne(name!)).OfType<Line>().ToList();
        return Tree(all, process).Sum(line => line.Pages) * Environment.SystemPageSize / 1024.0 / 1024.0;
    }

    private static TimeSpan OfTree(List<Line> all, int root) => TimeSpan.FromSeconds(Tree(all, root).Sum(line => line.Ticks) / TicksPerSecond);

    private static IEnumerable<Line> Tree(List<Line> all, int root) =>
        all.Where(line => line.Process == root).Concat(all.Where(line => line.Parent == root).SelectMany(child => Tree(all, child.Process)));

    private static Line? ReadOne(string process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            // The program's name may have blanks in it, and stands in parentheses.
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return new Line(int.Parse(process, CultureInfo.InvariantCulture), (int)Number(1), Number(11) + Number(12), Number(21));

            long Number(int field) => long.Parse(fields[field], CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null; // It has just ended.
        }
    }

    private sealed record Line(int Process, int Parent, long Ticks, long Pages);
}
