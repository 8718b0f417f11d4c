using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Celeriac.Control.Commands;

/// <summary>The worker itself: whether it lives, what it has done, how it is set up.</summary>
internal static class WorkerInspection
{
    public static ControlCommand[] Commands { get; } =
    [
        ControlCommand.Inspect("ping", _ => ControlCall.Ok("pong")),
        ControlCommand.Inspect("stats", Stats),
        ControlCommand.Inspect("conf", call => Configuration.Of(call.Worker, call.Flag("with_defaults")), "dump_conf"),
        ControlCommand.Inspect("report", call => ControlCall.Ok(Report(call.Worker))),
        ControlCommand.Inspect("memsample", _ => string.Create(CultureInfo.InvariantCulture, $"{Environment.WorkingSet / 1048576.0:0.0}MB")),
        ControlCommand.Inspect("memdump", call => Absent(call.Method)),
        ControlCommand.Inspect("objgraph", call => Absent(call.Method)),
    ];

    private static JsonNode Absent(string command) =>
        ControlCall.Error($"NotImplementedError('{command} shows the objects of a Python process; this worker is .NET: use dotnet-gcdump or dotnet-dump')");

    private static JsonObject Stats(ControlCall call)
    {
        var (worker, state) = (call.Worker, call.Worker.State);
        var total = new JsonObject();
        foreach (var task in state.Tasks.All.Where(task => task.Started > 0))
        {
            total[task.Definition.Name] = task.Started;
        }
        var stats = new JsonObject
        {
            ["total"] = total,
            ["pid"] = Environment.ProcessId,
            ["clock"] = worker.Client.Clock.Now.ToString(CultureInfo.InvariantCulture),
            ["uptime"] = (long)(worker.Time.GetUtcNow() - state.Since).TotalSeconds,
            ["pool"] = Pool(state.Runners?.Size ?? worker.Options.Concurrency, state.Pool?.Facts ?? new Working.PoolFacts("N/A", [])),
            ["broker"] = Configuration.Broker(worker),
            ["prefetch_count"] = state.Intake.Prefetch,
            ["rusage"] = ResourceUsage(),
            // Ours: what this worker has put aside, by reason.
            ["quarantined"] = new JsonObject(state.Aside.Added.Select(reason => KeyValuePair.Create(reason.Key, (JsonNode?)reason.Value))),
        };
        if (state.Stuck.Runs is { Count: > 0 } stuck)
        {
            // Ours, and only where there is something to tell.
            stats["stuck"] = new JsonArray([.. stuck.Select(run => (JsonNode?)new JsonObject
            {
                ["id"] = run.Id,
                ["name"] = run.Name,
                ["why"] = run.Why,
                ["seconds"] = TaskInfo.Float(worker.Time.GetElapsedTime(run.Since).TotalSeconds),
            })]);
        }
        if (state.Autoscaler is { } autoscaler)
        {
            stats["autoscaler"] = new JsonObject { ["max"] = autoscaler.Maximum, ["min"] = autoscaler.Minimum, ["current"] = autoscaler.Size, ["qty"] = autoscaler.Quantity };
        }
        return stats;
    }

    private static JsonObject Pool(int concurrency, Working.PoolFacts facts) => new()
    {
        ["implementation"] = facts.Implementation,
        ["max-concurrency"] = concurrency,
        ["processes"] = new JsonArray([.. facts.Processes.Select(id => (JsonNode)id)]),
        ["max-tasks-per-child"] = facts.MaxTasksPerChild > 0 ? facts.MaxTasksPerChild : "N/A",
        ["max-memory-per-child"] = facts.MaxMemoryPerChild > 0 ? facts.MaxMemoryPerChild : "N/A",
        ["put-guarded-by-semaphore"] = facts.IsGuarded,
        ["timeouts"] = new JsonArray(0, 0),
        ["writes"] = "N/A",
    };

    private static JsonObject ResourceUsage()
    {
        using var process = Process.GetCurrentProcess();
        return new JsonObject
        {
            ["utime"] = TaskInfo.Float(process.UserProcessorTime.TotalSeconds),
            ["stime"] = TaskInfo.Float(process.PrivilegedProcessorTime.TotalSeconds),
            // In KiB, as Linux tells it to Python.
            ["maxrss"] = process.PeakWorkingSet64 / 1024,
        };
    }

    private static string Report(ControlledWorker worker)
    {
        var settings = string.Join("\n", Configuration.Of(worker, withDefaults: false).Select(setting => $"{setting.Key}: {setting.Value?.ToJsonString() ?? "None"}"));
        return $"\nsoftware -> celeriac:{Configuration.Version} dotnet:{Environment.Version}\n"
            + $"platform -> system:{RuntimeInformation.OSDescription} arch:{RuntimeInformation.ProcessArchitecture} imp:{RuntimeInformation.FrameworkDescription}\n"
            + $"settings -> transport:{Configuration.SchemeOf(worker)} results:{Configuration.ResultsOf(worker)}\n\n{settings}\n";
    }
}
