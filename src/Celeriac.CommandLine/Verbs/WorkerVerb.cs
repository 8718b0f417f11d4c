using System.CommandLine;
using Celeriac.Messaging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Celeriac.CommandLine.Verbs;

/// <summary><c>worker</c>: runs the host with the app's worker in it, until Ctrl+C or SIGTERM.</summary>
internal static class WorkerVerb
{
    private const int MostTasksInBanner = 40;

    private static readonly (string Name, LogLevel Level)[] s_levels =
        [("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warning", LogLevel.Warning), ("error", LogLevel.Error), ("critical", LogLevel.Critical), ("fatal", LogLevel.Critical)];

    public static Command Create(Func<ParseResult, Session> open)
    {
        var concurrency = new Option<int?>("--concurrency", "-c") { Description = "How many tasks run at once; default the larger of 64 and 8 for each core.", HelpName = "number", CustomParser = OptionReading.Number(1, 100_000) };
        var pool = new Option<string?>("--pool", "-P") { Description = "Where tasks run: threads (the default), processes (Celery's prefork) or solo.", HelpName = "pool", CustomParser = OptionReading.OneOf(WorkerPoolNames.All) };
        var tasksPerChild = new Option<int?>("--max-tasks-per-child") { Description = "After how many runs a child process is replaced; default never.", HelpName = "number", CustomParser = OptionReading.Number(1, int.MaxValue) };
        var memoryPerChild = new Option<int?>("--max-memory-per-child") { Description = "How many KiB a child process may hold after a run before it is replaced; default no limit.", HelpName = "KiB", CustomParser = OptionReading.Number(1, int.MaxValue) };
        var queues = new Option<string[]>("--queues", "-Q") { Description = "The queues to consume, comma-separated; default those of TaskQueues, else the default queue, celery.", HelpName = "queues", CustomParser = OptionReading.Queues };
        var exclude = new Option<string[]>("--exclude-queues", "-X") { Description = "Queues not to consume, comma-separated.", HelpName = "queues", CustomParser = OptionReading.Queues };
        var name = new Option<string?>("--hostname", "-n") { Description = "The node's name; %h is the host, %n its first label, %d its domain. Default celeriac@%h.", HelpName = "name" };
        var level = new Option<string?>("--loglevel", "-l") { Description = $"The least level to log: {string.Join(", ", s_levels.Select(pair => pair.Name))}.", HelpName = "level", CustomParser = OptionReading.OneOf([.. s_levels.Select(pair => pair.Name)]) };
        var prefetch = new Option<int?>("--prefetch") { Description = "How many messages are fetched and not yet done; 0 for as many as there are free slots.", HelpName = "number", CustomParser = OptionReading.Number(0, 65_535) };
        var multiplier = new Option<int?>("--prefetch-multiplier") { Description = "The same as a multiple of the concurrency.", HelpName = "number", CustomParser = OptionReading.Number(1, 1000) };
        var events = new Option<bool>("--task-events", "-E") { Description = "Send task events from the start, for monitors such as 'events' and Flower." };
        var silent = new Option<bool>("--without-heartbeat") { Description = "Send no heartbeats." };
        var heartbeat = new Option<TimeSpan?>("--heartbeat-interval") { Description = "Seconds between two heartbeats; default 2.", HelpName = "seconds", CustomParser = OptionReading.Seconds };
        var statedb = new Option<string?>("--statedb", "-S") { Description = "A file that keeps what is revoked across restarts; %n is the node's name, %h its host.", HelpName = "file" };
        var life = new WorkerLifeFlags();
        var command = new Command("worker", "Run tasks until Ctrl+C or SIGTERM; running tasks may finish, a second Ctrl+C cancels them.") { concurrency, pool, tasksPerChild, memoryPerChild, queues, exclude, name, level, prefetch, multiplier, events, silent, heartbeat, statedb };
        life.AddTo(command);
        command.SetAction(async (parse, _) =>
        {
            var session = open(parse);
            (session.Overrides.RunsWorker, session.Overrides.OutlastsHost) = (true, true);
            session.Overrides.Add((WorkerOptions options) =>
            {
                options.Pool = parse.GetValue(pool) is { } place ? WorkerPoolNames.Find(place)!.Value : options.Pool;
                options.MaxTasksPerChild = parse.GetValue(tasksPerChild) ?? options.MaxTasksPerChild;
                options.MaxMemoryPerChild = parse.GetValue(memoryPerChild) ?? options.MaxMemoryPerChild;
                options.Concurrency = parse.GetValue(concurrency) ?? options.Concurrency;
                options.Queues = parse.GetValue(queues) is { Length: > 0 } chosen ? chosen : options.Queues;
                options.ExcludeQueues = parse.GetValue(exclude) is { Length: > 0 } excluded ? excluded : options.ExcludeQueues;
                options.NodeName = parse.GetValue(name) ?? options.NodeName;
                options.PrefetchMultiplier = parse.GetValue(multiplier) ?? options.PrefetchMultiplier;
                options.SendTaskEvents |= parse.GetValue(events);
                options.WithoutHeartbeat |= parse.GetValue(silent);
                options.HeartbeatInterval = parse.GetValue(heartbeat) ?? options.HeartbeatInterval;
                options.StateFile = parse.GetValue(statedb) ?? options.StateFile;
                life.Apply(parse, options);
                options.Prefetch = parse.GetValue(prefetch) ?? (parse.GetValue(multiplier) is null ? options.Prefetch : 0);
            });
            if (parse.GetValue(level) is { } least)
            {
                session.SetLogLevel(s_levels.First(pair => pair.Name == least).Level);
            }
            return await CommandLineProgram.WorkAsync(session, stop => RunAsync(session, stop)).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken stop)
    {
        // In a child of the pool there is no worker to show and none to stop.
        if (await session.Worker.ServePoolAsync().ConfigureAwait(false))
        {
            return CommandLineProgram.Done;
        }
        TellBanner(session);
        var (interrupts, worker) = (session.Interrupts, session.Worker);
        interrupts.Asked = worker.Life.Dump;
        interrupts.Listen();
        interrupts.ListenAsWorker();
        using var warm = stop.Register(() => session.Terminal.Warn("Stopping: running tasks may finish. Press Ctrl+C again to cancel them and give their messages back."));
        using var soft = interrupts.StopSoon.Register(() => StopSoon(session));
        using var cold = interrupts.StopNow.Register(session.Overrides.CancelTasks);
        try
        {
            await session.Host.RunAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to stop while it was still starting.
        }
        return worker.Life.HasRunAll ? CommandLineProgram.StartAgain : CommandLineProgram.Done;
    }

    private static void StopSoon(Session session)
    {
        if (session.WorkerOptions.SoftShutdownTimeout <= TimeSpan.Zero)
        {
            session.Overrides.CancelTasks();
            return;
        }
        session.Terminal.Warn($"Stopping soon: running tasks have {session.WorkerOptions.SoftShutdownTimeout.TotalSeconds:0.#} s. Press Ctrl+C again to cancel them now.");
        session.Worker.ShutdownSoftly();
    }

    private static void TellBanner(Session session)
    {
        var worker = session.Worker;
        var options = session.WorkerOptions;
        var tasks = session.Registry.Names.Where(name => session.Registry.FindRunnable(name) is not null).ToList();
        var terminal = session.Terminal;
        terminal.Tell($"{worker.Node} v{CommandLineProgram.Version}");
        terminal.Tell("");
        terminal.Tell($"  broker       {session.Client.Transport.Name}");
        terminal.Tell($"  results      {ResultsOf(session)}");
        terminal.Tell($"  concurrency  {ConcurrencyOf(options)}");
        terminal.Tell($"  queues       {string.Join(", ", worker.Queues)}");
        terminal.Tell($"  tasks        {(tasks.Count == 0 ? "none: call AddTasks() in AddCeleriac" : string.Join(", ", tasks.Take(MostTasksInBanner)) + (tasks.Count > MostTasksInBanner ? $" and {tasks.Count - MostTasksInBanner} more" : ""))}");
        terminal.Tell("");
    }

    private static string ConcurrencyOf(WorkerOptions options) => options.Pool is WorkerPool.Processes
        ? $"{SizeOf(options)} child processes"
        : $"{SizeOf(options)}, of them at most {Math.Min(options.Concurrency, options.SynchronousConcurrency)} synchronous";

    private static string SizeOf(WorkerOptions options) =>
        options.Autoscale is { } bounds ? $"{Math.Max(1, bounds.Minimum)}–{bounds.Maximum}" : $"{options.Concurrency}";

    private static string ResultsOf(Session session) =>
        session.Options.ResultBackend is { Length: > 0 } backend ? BrokerUrl.Parse(backend).ToString()
        : session.Client.Transport.Documents is null ? "rpc://"
        : "in the broker";
}
