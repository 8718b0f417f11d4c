using System.CommandLine;

namespace Celeriac.Samples.WordCount;

/// <summary>What the user asked for.</summary>
internal sealed record Request(DirectoryInfo Folder, int Workers, string? BrokerUrl, bool Kills, int Top, CancellationToken CancellationToken);

/// <summary>Reads the arguments.</summary>
internal static class CommandLine
{
    private const string Documentation = "/usr/share/doc";

    internal static Task<int> RunAsync(string[] arguments, Func<Request, Task<int>> run)
    {
        var folder = new Argument<DirectoryInfo>("folder")
        {
            Description = $"The folder whose files are counted, with all below it. Default {Documentation}, where there is one.",
            DefaultValueFactory = _ => new DirectoryInfo(Documentation),
        };
        var workers = new Option<int>("--workers") { Description = "How many worker processes.", DefaultValueFactory = _ => 4 };
        var broker = new Option<string?>("--broker") { Description = "The broker's URL. Default an SQLite file of this run." };
        var kills = new Option<bool>("--kill") { Description = "Kill one worker (SIGKILL) when four tenths of the results are here." };
        var top = new Option<int>("--top") { Description = "How many words to show.", DefaultValueFactory = _ => 20 };
        var root = new RootCommand("Counts the words of a folder with Celeriac: one task for each file.") { folder, workers, broker, kills, top };
        root.Validators.Add(result =>
        {
            if (result.GetValue(workers) is < 1 or > 64)
            {
                result.AddError($"--workers is {result.GetValue(workers)}, but must be 1 to 64.");
            }
            if (result.GetValue(kills) && result.GetValue(workers) == 1)
            {
                result.AddError("--kill needs at least two workers: one that dies and one that goes on. Give --workers 2 or more.");
            }
            if (result.GetValue(folder) is { Exists: false } missing)
            {
                result.AddError($"There is no folder '{missing}'. Name one that holds text files.");
            }
        });
        root.SetAction((parsed, cancellationToken) => run(new Request(
            parsed.GetRequiredValue(folder), parsed.GetValue(workers), parsed.GetValue(broker), parsed.GetValue(kills), parsed.GetValue(top), cancellationToken)));
        return root.Parse(arguments).InvokeAsync();
    }
}
