using System.Globalization;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

/// <summary>
/// The table in the documentation that says what each transport can do, rendered from <see cref="TransportCapabilities"/>, and the check that the file shows it.
/// </summary>
public static class CapabilityTable
{
    /// <summary>The line before the table in the file.</summary>
    public const string BeginMarker = "<!-- capabilities: begin (this table is checked by a test) -->";

    /// <summary>The line after the table in the file.</summary>
    public const string EndMarker = "<!-- capabilities: end -->";

    private static readonly (string Label, Func<TransportCapabilities, string> Show)[] Rows =
    [
        ("Survives the death of every process", can => YesNo(can.Durable)),
        ("Several processes share one URL", can => YesNo(can.SharedBetweenProcesses)),
        ("Exchanges and bindings", can => YesNo(can.Exchanges)),
        ("Fanout exchanges", can => YesNo(can.Fanout)),
        ("Topic exchanges", can => YesNo(can.Topic)),
        ("Delayed messages", can => can.Delay ? Longest(can.LongestDelay) : "no"),
        ("Delayed messages are counted and purged", can => YesNo(can.SeesDelayed)),
        ("Priorities", can => can.MaxPriority == 0 ? "no" : can.LowerPrioritiesFirst ? $"0–{can.MaxPriority}, 0 first" : $"0–{can.MaxPriority}"),
        ("Messages expire", can => YesNo(can.MessageExpiry)),
        ("Unused queues expire", can => YesNo(can.QueueExpiry)),
        ("Dead-letter exchanges", can => YesNo(can.DeadLetter)),
        ("Documents beside the queues", can => YesNo(can.Documents)),
        ("Follow-ups, document and settlement in one step", can => YesNo(can.AtomicCompletion)),
        ("A holder that froze past its lease cannot settle", can => YesNo(can.FencedLeases)),
        ("Largest body", can => Size(can.MaxBodyBytes)),
        ("Queues can be counted", can => YesNo(can.Counts)),
        ("Counts tell what is handed out and unsettled", can => YesNo(can.CountsUnacknowledged)),
        ("Counts tell consumers", can => YesNo(can.CountsConsumers)),
    ];

    /// <summary>The table in Markdown: a row for each capability, a column for each transport, in the order given. Lines end in a line feed.</summary>
    /// <param name="transports">The transports' names, as the readers know them, and what they can do.</param>
    public static string Render(params IReadOnlyList<(string Name, TransportCapabilities Can)> transports)
    {
        var table = new StringBuilder();
        AppendRow(table, "Capability", transports.Select(transport => transport.Name));
        AppendRow(table, "---", transports.Select(_ => "---"));
        foreach (var (label, show) in Rows)
        {
            AppendRow(table, label, transports.Select(transport => show(transport.Can)));
        }
        return table.ToString();
    }

    /// <summary>Asserts that a Markdown file shows the table between <see cref="BeginMarker"/> and <see cref="EndMarker"/>; the failure shows the table to paste.</summary>
    /// <param name="file">The file's path.</param>
    /// <param name="table">What <see cref="Render"/> answered.</param>
    public static async Task AssertShownInAsync(string file, string table)
    {
        var text = (await File.ReadAllTextAsync(file)).ReplaceLineEndings("\n");
        var begin = text.IndexOf(BeginMarker, StringComparison.Ordinal);
        var end = text.IndexOf(EndMarker, StringComparison.Ordinal);
        Assert.True(begin >= 0 && end > begin, $"'{file}' has no table between '{BeginMarker}' and '{EndMarker}'. Add both lines where the table belongs.");
        var shown = text[(begin + BeginMarker.Length)..end].Trim();
        Assert.True(shown == table.Trim(), $"The table in '{file}' is not what the transports claim. It must read:\n{table}");
    }

    private static void AppendRow(StringBuilder table, string label, IEnumerable<string> cells) =>
        table.Append("| ").Append(label).Append(" | ").AppendJoin(" | ", cells).Append(" |\n");

    private static string YesNo(bool claimed) => claimed ? "yes" : "no";

    private static string Longest(TimeSpan? longest) =>
        longest is { } limit ? string.Create(CultureInfo.InvariantCulture, $"up to {limit.TotalDays:0} days") : "yes, any";

    private static string Size(long bytes) => bytes >= 1024 * 1024 && bytes % (1024 * 1024) == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024 * 1024)} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes");
}
