using System.Globalization;
using Celeriac.Messaging;
using Spectre.Console;

namespace Celeriac.Samples.WordCount;

/// <summary>What the user reads.</summary>
internal static class Report
{
    static Report()
    {
        if (Console.IsOutputRedirected)
        {
            // In a file or a pipe: no colours, and no line is broken.
            AnsiConsole.Profile.Capabilities.Ansi = false;
            AnsiConsole.Profile.Width = 1000;
        }
    }

    internal static void Plan(Request request, IReadOnlyList<FileInfo> files, TaskClient client) =>
        Line($"[bold]{files.Count:N0} files[/] of {request.Folder}, {Mebibytes(files)}: one task each, {request.Workers} worker process(es), broker {client.Transport.Name}");

    internal static void Awake(int workers, TimeSpan elapsed) => Line($"{workers} worker process(es) awake after {elapsed.TotalSeconds:0.0} s");

    internal static void Killed(int process, int done) => Line($"[red]SIGKILL[/] to worker process {process} after {done:N0} results; the others go on");

    internal static void Words(IReadOnlyList<KeyValuePair<string, long>> words)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("word").AddColumn(new TableColumn("times").RightAligned());
        foreach (var (word, count) in words)
        {
            table.AddRow(new Text(word), new Text(count.ToString("N0", CultureInfo.InvariantCulture)));
        }
        AnsiConsole.Write(table);
    }

    internal static void Figures(Request request, IReadOnlyList<FileInfo> files, Tally tally, TimeSpan elapsed, TaskClient client)
    {
        Line($"files       {files.Count:N0}, {Mebibytes(files)}");
        Line($"words       {tally.Words:N0}, {tally.DistinctWords:N0} different ones");
        Line($"seconds     {elapsed.TotalSeconds:0.00}, from the first call to the last result");
        Line($"[bold]tasks/s     {files.Count / elapsed.TotalSeconds:N0}[/]");
        Line($"workers     {request.Workers}{(request.Kills ? ", of which one was killed" : "")}");
        Line($"broker      {client.Transport.Name}");
        Line($"durability  {Durability(client)}");
    }

    /// <summary>True when the tasks' count is the plain one, word for word.</summary>
    internal static bool Check(Tally tally, Tally plain, TimeSpan elapsed)
    {
        var agrees = tally.Equals(plain);
        if (agrees)
        {
            Line($"check       [green]the same, word for word,[/] as a plain loop in one process counts in {elapsed.TotalSeconds:0.00} s");
        }
        else
        {
            Line($"check       [red]WRONG[/]: a plain loop in one process counts {plain.Words:N0} words, {plain.DistinctWords:N0} different ones");
        }
        return agrees;
    }

    private static string Durability(TaskClient client)
    {
        var url = BrokerUrl.Parse(client.Transport.Name);
        return url.Scheme == "sqlite" ? $"synchronous={url.Choice("synchronous", "full", "full", "normal")}, results in the same file" : "the broker's own";
    }

    private static string Mebibytes(IReadOnlyList<FileInfo> files) =>
        string.Create(CultureInfo.InvariantCulture, $"{files.Sum(file => file.Length) / 1048576.0:N1} MiB");

    private static void Line(FormattableString text) => AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, text);
}
