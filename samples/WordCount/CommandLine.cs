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
        var broker = new Option<string?>("--broker") { Description = "The broker's URL. Default an SQLite file of this run. With ?publish_timeout=60s the run outlasts a restart of the broker." };
        var kills = new Option<bool>("--kill") { Description = "Kill one worker (SIGKILL) when four tenths of the results are here." };
        var top = new Option<int>("--top") { Description = "How many words to show.", DefaultValueFactory = _ => 20 };
        var root = new RootCommand("Counts the words of a folder with Celeriac: one task for each file.") { folder, workers, broker, kills, top };
        root.SetAction((parsed, cancellationToken) => RunAsync(
            new Request(parsed.GetRequiredValue(folder), parsed.GetValue(workers), parsed.GetValue(broker), parsed.GetValue(kills), parsed.GetValue(top), cancellationToken), run));
        // After Ctrl+C the workers are ended and the folder is cleared away, which on a busy machine takes longer than the usual two seconds.
        return root.Parse(arguments).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });
    }

    private static async Task<int> RunAsync(Request request, Func<Request, Task<int>> run)
    {
        if (Fault(request) is not { } fault)
        {
            return await run(request);
        }
        await Console.Error.WriteLineAsync(fault);
        return 2;
    }

    private static string? Fault(Request request) => request switch
    {
        { Folder.Exists: false } => $"There is no folder '{request.Folder}'. Name one that holds text files.",
        { Workers: < 1 or > 64 } => $"--workers is {request.Workers}, but must be 1 to 64.",
        { Kills: true, Workers: 1 } => "--kill needs at least two workers: one that dies and one that goes on. Give --workers 2 or more.",
        { Top: < 0 } => $"--top is {request.Top}, but must be 0 or more.",
        _ => null,
    };
}
