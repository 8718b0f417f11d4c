using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Celeriac.CommandLine.Verbs;

/// <summary>The live picture of a fleet: its workers, the tasks that changed last, and what happens each second.</summary>
internal sealed class EventScreen(ClusterState cluster, string broker, TimeProvider time)
{
    private const int LongestCell = 60;
    private static readonly (string Type, string Word)[] s_rates =
        [("task-received", "received"), ("task-started", "started"), ("task-succeeded", "succeeded"), ("task-failed", "failed"), ("task-retried", "retried")];
    private IReadOnlyDictionary<string, long> _before = new Dictionary<string, long>();
    private long _since = time.GetTimestamp();

    /// <summary>The picture now. Rates are those since the last picture.</summary>
    /// <param name="mostTasks">How many tasks there is room for.</param>
    public IRenderable Draw(int mostTasks)
    {
        var workers = cluster.Workers;
        return new Rows(
            new Text($"celeriac events  {broker}  {time.GetUtcNow():yyyy-MM-dd HH:mm:ss}Z  {workers.Count(worker => worker.IsAlive)} of {workers.Count} workers alive", new Style(decoration: Decoration.Bold)),
            new Text(RatesLine()),
            WorkersTable(workers),
            TasksTable(cluster.Tasks(limit: mostTasks)),
            new Text("q or Ctrl+C ends. No tasks although they run? Start the workers with -E, or send them 'control enable_events'.", new Style(Color.Grey)));
    }

    private string RatesLine()
    {
        var counts = cluster.EventCounts;
        var seconds = Math.Max(time.GetElapsedTime(_since).TotalSeconds, 0.001);
        var rates = s_rates.Select(rate => string.Create(CultureInfo.InvariantCulture,
            $"{rate.Word} {(counts.GetValueOrDefault(rate.Type) - _before.GetValueOrDefault(rate.Type)) / seconds:0.0}/s ({counts.GetValueOrDefault(rate.Type)})"));
        var line = string.Join("  ", rates);
        (_before, _since) = (counts, time.GetTimestamp());
        return line;
    }

    private static Table WorkersTable(IReadOnlyList<ClusterWorker> workers)
    {
        var table = NewTable("worker", "state", "active", "processed", "load", "software", "pid");
        foreach (var worker in workers)
        {
            table.AddRow(
                Cell(worker.Hostname),
                worker.IsAlive ? new Text("online", new Style(Color.Green)) : new Text("offline", new Style(Color.Red)),
                Cell(Number(worker.Active)), Cell(Number(worker.Processed)),
                Cell(string.Join(" ", worker.LoadAverage.Select(load => load.ToString("0.00", CultureInfo.InvariantCulture)))),
                Cell($"{worker.Software} {worker.SoftwareVersion}".Trim()), Cell(Number(worker.ProcessId)));
        }
        return table;
    }

    private static Table TasksTable(IReadOnlyList<ClusterTask> tasks)
    {
        var table = NewTable("task", "id", "state", "worker", "runtime", "result");
        foreach (var task in tasks)
        {
            table.AddRow(
                Cell(task.Name ?? "?"), Cell(task.Id), new Text(Short(task.State), new Style(ColourOf(task.State))), Cell(task.Worker ?? ""),
                Cell(task.Runtime is { } runtime ? runtime.TotalSeconds.ToString("0.000 s", CultureInfo.InvariantCulture) : ""),
                Cell(task.State == TaskStates.Success ? task.Result ?? "" : task.Exception ?? ""));
        }
        return table;
    }

    private static Table NewTable(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple).BorderStyle(new Style(Color.Grey)).Expand();
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))) { NoWrap = true });
        }
        return table;
    }

    private static Color ColourOf(string state) => state switch
    {
        TaskStates.Success => Color.Green,
        TaskStates.Failure => Color.Red,
        TaskStates.Retry or TaskStates.Rejected => Color.Yellow,
        TaskStates.Started => Color.Aqua,
        _ => Color.Grey,
    };

    private static Text Cell(string text) => new(Short(text));

    private static string Short(string text)
    {
        var line = Terminal.Safe(text.ReplaceLineEndings(" "));
        return line.Length <= LongestCell ? line : string.Concat(line.AsSpan(0, LongestCell - 1), "…");
    }

    private static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "?";
}
