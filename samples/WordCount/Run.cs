using System.Diagnostics;
using Celeriac.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Celeriac.Samples.WordCount;

/// <summary>One run: finds the files, starts the workers, gathers the counts, and checks them.</summary>
internal sealed class Run(TaskClient client, Request request)
{
    private readonly CancellationToken _cancellation = request.CancellationToken;

    /// <summary>Runs on a client of its own; answers the exit code.</summary>
    internal static async Task<int> StartAsync(Request request, Func<IHost> buildHost)
    {
        try
        {
            using var folder = new TemporaryFolder("celeriac-wordcount-");
            // The workers inherit it. The lease says how long a killed worker's tasks wait for another; on a machine that is busy to its limits a publish may take its time.
            Environment.SetEnvironmentVariable("CELERIAC_BROKER_URL", request.BrokerUrl ?? folder.SqliteUrl("wordcount.db") + "?lease=2s&publish_timeout=60s");
            using var host = buildHost();
            var client = host.Services.GetRequiredService<TaskClient>();
            return await new Run(client, request).RunAsync() ? 0 : 1;
        }
        catch (OperationCanceledException) when (request.CancellationToken.IsCancellationRequested)
        {
            return 130;
        }
        catch (Exception error) when (error is WorkerEndedException or RemoteTaskException or TransportException or BrokerUrlException or TimeoutException)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 1;
        }
    }

    private async Task<bool> RunAsync()
    {
        using var current = client.Use();
        var files = Files();
        if (files.Count == 0)
        {
            await Console.Error.WriteLineAsync($"Folder '{request.Folder}' holds no files that are not empty. Name one that holds text files.");
            return false;
        }
        Report.Plan(request, files, client);

        var clock = Stopwatch.StartNew();
        await using var fleet = new Fleet(client.DefaultQueue, request.Workers);
        await fleet.AwakeAsync(_cancellation);
        Report.Awake(request.Workers, clock.Elapsed);

        var (tally, elapsed) = await GatherAsync(fleet, files);
        await fleet.StopAsync(_cancellation);
        Report.Words(tally.MostFrequent(request.Top));
        Report.Figures(request, files, tally, elapsed, client);

        clock.Restart();
        var plain = CountPlainly(files);
        return Report.Check(tally, plain, clock.Elapsed);
    }

    private Task<(Tally Tally, TimeSpan Elapsed)> GatherAsync(Fleet fleet, List<FileInfo> files)
    {
        var killAt = request.Kills ? Math.Max(1, files.Count * 4 / 10) : -1;
        return ProgressView.ShowAsync(files.Count, show =>
            fleet.WhileWorkingAsync(new Gathering(files) { ProgressAsync = done => GoOnAsync(done, show) }.RunAsync(_cancellation)));

        async Task GoOnAsync(int done, Action<int> show)
        {
            show(done);
            if (done == killAt)
            {
                Report.Killed(await fleet.KillOneAsync(), done);
            }
        }
    }

    /// <summary>Every file that is not empty; no links, so that nothing is counted twice.</summary>
    private List<FileInfo> Files()
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device };
        return [.. request.Folder.EnumerateFiles("*", options).Where(file => file.Length > 0).OrderBy(file => file.FullName, StringComparer.Ordinal)];
    }

    /// <summary>The same without tasks: one file after the other, in this process.</summary>
    private Tally CountPlainly(List<FileInfo> files)
    {
        var tally = new Tally();
        foreach (var file in files)
        {
            _cancellation.ThrowIfCancellationRequested();
            tally.Add(TextFile.Count(file.FullName));
        }
        return tally;
    }
}
