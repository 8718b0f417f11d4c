using System.Globalization;

namespace Celeriac.Bench.Running;

/// <summary>What the reader sees of a scenario.</summary>
internal static class Table
{
    private static readonly (string Title, Func<Outcome, double> Figure, string Format)[] s_columns =
    [
        ("CPU µs", outcome => outcome.ActorMicroseconds, "N1"),
        ("broker µs", outcome => outcome.BrokerMicroseconds, "N1"),
        ("bytes/task", outcome => outcome.Bytes, "N0"),
        ("RSS MiB", outcome => outcome.Megabytes, "N0"),
        ("p50 µs", outcome => outcome.Median, "N0"),
        ("p99 µs", outcome => outcome.Percentile99, "N0"),
        ("longest µs", outcome => outcome.Longest, "N0"),
        ("start ms", outcome => outcome.StartMilliseconds, "N0"),
    ];

    public static void Write(Contest contest)
    {
        var scenario = contest.Scenario;
        Console.WriteLine();
        Console.WriteLine($"{scenario.Name}: {contest.Durability}");
        Console.WriteLine($"{"",-36}{"tasks/s",26}{string.Concat(s_columns.Select(column => $"{column.Title,12}"))}");
        foreach (var contender in scenario.Contenders)
        {
            var outcomes = contest.Outcomes[contender.Name].OfType<Outcome>().ToList();
            Console.WriteLine(outcomes.Count == 0
                ? $"{contender.Name,-36}{"failed",26}"
                : $"{contender.Name,-36}{Spread(outcomes),26}{string.Concat(s_columns.Select(column => $"{Text(Median(outcomes.Select(column.Figure)), column.Format),12}"))}");
        }
        foreach (var (name, message) in contest.Failures)
        {
            Console.WriteLine($"  {name} failed: {message}");
        }
    }

    /// <summary>One line for each ratio: the median of the rounds' own ratios.</summary>
    public static IEnumerable<string> Ratios(Contest contest)
    {
        foreach (var ratio in contest.Scenario.Ratios)
        {
            var rounds = contest.Outcomes[ratio.Ours].Zip(contest.Outcomes[ratio.Theirs ?? ratio.Ours]).Where(round => round is { First: not null, Second: not null });
            var values = rounds.Select(round => ratio.Figure(round.First!) / (ratio.Theirs is null ? ratio.Unit : ratio.Figure(round.Second!))).Where(double.IsFinite).ToList();
            yield return $"ratio {ratio.Name} {(values.Count == 0 ? "failed" : Median(values).ToString("0.000", CultureInfo.InvariantCulture))}";
        }
    }

    private static string Spread(List<Outcome> outcomes) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Median(outcomes.Select(outcome => outcome.Rate)):N0} [{outcomes.Min(outcome => outcome.Rate):N0}–{outcomes.Max(outcome => outcome.Rate):N0}]");

    private static string Text(double value, string format) => double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : "–";

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? double.NaN : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
