using System.Globalization;
using System.Net;
using System.Text;

namespace Celeriac.Bench.Running;

/// <summary>The rates of every scenario that compares some, as horizontal bars: one picture that a browser and a README can show.</summary>
internal static class Plot
{
    private const int Width = 760;
    private const int Names = 250;
    private const int Longest = 400;
    private const int Line = 20;
    private const string Ours = "#2f7d4f";
    private const string Theirs = "#9aa3ad";

    public static string Draw(IReadOnlyList<Contest> contests)
    {
        var (body, top) = (new StringBuilder(), 10);
        foreach (var contest in contests.Where(ComparesRates))
        {
            top = Scene(body, contest, top);
        }
        return $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{top}" viewBox="0 0 {Width} {top}" font-family="sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="#ffffff"/>
            {body}</svg>

            """;
    }

    private static bool ComparesRates(Contest contest) =>
        contest.Scenario.Ratios.Any(ratio => ratio is { Theirs: not null } && contest.Outcomes[ratio.Ours].Count > 0) && Bars(contest).Count > 1;

    private static int Scene(StringBuilder body, Contest contest, int top)
    {
        var bars = Bars(contest);
        var most = bars.Max(bar => bar.Rate);
        body.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"10\" y=\"{top + 14}\" font-weight=\"bold\" fill=\"#222222\">{contest.Scenario.Name}, tasks a second</text>");
        top += Line + 4;
        foreach (var (name, rate) in bars)
        {
            var length = Math.Max(1, (int)(Longest * rate / most));
            var color = name.StartsWith("celeriac", StringComparison.Ordinal) ? Ours : Theirs;
            body.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Names}\" y=\"{top + 13}\" text-anchor=\"end\" fill=\"#444444\">{WebUtility.HtmlEncode(name)}</text>");
            body.AppendLine(CultureInfo.InvariantCulture, $"<rect x=\"{Names + 8}\" y=\"{top + 3}\" width=\"{length}\" height=\"{Line - 7}\" fill=\"{color}\"/>");
            body.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Names + 14 + length}\" y=\"{top + 13}\" fill=\"#444444\">{rate:N0}</text>");
            top += Line;
        }
        return top + 14;
    }

    private static List<(string Name, double Rate)> Bars(Contest contest) =>
        [.. contest.Outcomes.Select(pair => (Name: pair.Key, Rate: Table.Median(pair.Value.OfType<Outcome>().Select(outcome => outcome.Rate)))).Where(bar => double.IsFinite(bar.Rate))];
}
