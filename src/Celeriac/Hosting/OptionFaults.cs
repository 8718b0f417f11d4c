using System.Globalization;
using System.Text;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Working.Life;

namespace Celeriac.Hosting;

/// <summary>What is wrong with options: property and setting, value, legal range, what to do. Never a password.</summary>
internal static class OptionFaults
{
    private const int LongestName = 255;
    private const int MostTasks = 100_000;
    private const int MostThreads = 10_000;
    private const int MostAhead = 65_535;
    private const int LargestBody = 1 << 30;
    // Redis takes no longer value, and the record has more than the result.
    private const int LargestResult = 500 << 20;
    private static readonly TimeSpan s_longestExpiry = TimeSpan.FromDays(36_500);
    private static readonly TimeSpan s_longestShutdown = TimeSpan.FromDays(1);
    // A timer's longest wait is about 49 days.
    private static readonly TimeSpan s_longestRun = TimeSpan.FromDays(45);
    private static readonly TimeSpan s_shortestHeartbeat = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan s_longestHeartbeat = TimeSpan.FromHours(1);

    public static IEnumerable<string> Of(CeleriacOptions options) => new[]
    {
        UrlFault("BrokerUrl (broker_url)", options.BrokerUrl, RequireTransport),
        UrlFault("ResultBackend (result_backend)", options.ResultBackend is { Length: > 0 } url ? url : "rpc://", ResultStores.RequireKnown),
        UrlFault("StateStore (state_store)", options.StateStore is { Length: > 0 } state ? state : "rpc://", ResultStores.RequireKnown),
        QueueFault("DefaultQueue (task_default_queue)", options.DefaultQueue),
        TimeFault("ResultExpires (result_expires)", options.ResultExpires, s_longestExpiry, "Give how long results are kept, or 0 to keep them."),
        TimeFault("ChordDeadline (chord_deadline)", options.ChordDeadline, s_longestExpiry, "Give how long a chord waits for its next member."),
        ExchangeFault("EventExchange (event_exchange)", options.EventExchange),
        ContentFault(options),
        NumberFault("MaxBodyBytes (max_body_bytes)", options.MaxBodyBytes, 1, LargestBody, "Give the largest body in bytes; the default is 16777216."),
        ExchangeNameFault("DefaultExchange (task_default_exchange)", options.DefaultExchange),
        NumberFault("MaxResultBytes (result_max_bytes)", options.MaxResultBytes, 1, LargestResult, "Give the largest result in bytes; the default is 16777216."),
    }.Concat(options.TaskQueues.Select(queue => QueueFault("TaskQueues (task_queues)", queue.Name))).Concat(DoubleQueues(options)).OfType<string>();

    private static IEnumerable<string> DoubleQueues(CeleriacOptions options) =>
        from queue in options.TaskQueues
        group queue by queue.Name into named
        where named.Distinct().Count() > 1
        select $"TaskQueues (task_queues) has queue '{named.Key}' twice, with different properties. Leave one of them.";

    private static string? ExchangeNameFault(string key, string? exchange) => string.IsNullOrEmpty(exchange) ? null : QueueFault(key, exchange)?.Replace("a queue name", "an exchange name", StringComparison.Ordinal);

    /// <summary>What is wrong with the two together.</summary>
    public static IEnumerable<string> Between(CeleriacOptions options, WorkerOptions worker) =>
        worker.Pool is WorkerPool.Processes && options.BrokerUrl.StartsWith("memory:", StringComparison.OrdinalIgnoreCase)
            ? ["Pool (worker_pool) is 'processes', but BrokerUrl (broker_url) is 'memory://', which lives in one process: what a task sends would go nowhere. Choose a broker such as sqlite://celeriac.db, or the pool 'threads'."]
            : [];

    public static IEnumerable<string> Of(WorkerOptions options) => new[]
    {
        NumberFault("Pool (worker_pool)", (int)options.Pool, (int)WorkerPool.Threads, (int)WorkerPool.Processes, "Give threads, processes or solo."),
        NumberFault("MaxTasksPerChild (worker_max_tasks_per_child)", options.MaxTasksPerChild, 0, int.MaxValue, "Give after how many runs a child process is replaced, or 0 for never."),
        NumberFault("MaxMemoryPerChild (worker_max_memory_per_child)", options.MaxMemoryPerChild, 0, int.MaxValue, "Give KiB, or 0 for no limit."),
        NumberFault("Concurrency (worker_concurrency)", options.Concurrency, 1, MostTasks, "Give how many tasks run at once."),
        NumberFault("SynchronousConcurrency (worker_synchronous_concurrency)", options.SynchronousConcurrency, 1, MostThreads, "Give how many threads synchronous tasks may have."),
        NumberFault("Prefetch (worker_prefetch)", options.Prefetch, 0, MostAhead, "Give how many messages are fetched and not yet done, or 0 for as many as there are free slots."),
        NumberFault("MaxDeaths (worker_max_deaths)", options.MaxDeaths, 0, 1000, "Give after how many dead worker processes a message is put aside, or 0 for never."),
        TimeFault("QuarantineMaxAge (quarantine_max_age)", options.QuarantineMaxAge, s_longestExpiry, "Give how long messages stay in quarantine, or 0 to keep them."),
        NumberFault("QuarantineMaxCount (quarantine_max_count)", options.QuarantineMaxCount, 0, int.MaxValue, "Give how many messages a quarantine may hold, or 0 for no bound."),
        NumberFault("PrefetchMultiplier (worker_prefetch_multiplier)", options.PrefetchMultiplier, 1, 1000, "Give 1 for as many messages as there are free slots."),
        options.ConcurrencyLease >= TimeSpan.FromSeconds(1) && options.ConcurrencyLease <= TimeSpan.FromHours(1)
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"ConcurrencyLease (worker_concurrency_lease) is '{options.ConcurrencyLease.TotalSeconds:0.###}' s, but must be 1–3600 s. Give after how long the places of a killed worker come free."),
        NodeFault(options.NodeName),
        HeartbeatFault(options.HeartbeatInterval),
        TimeFault("TimeLimit (task_time_limit)", options.TimeLimit, s_longestRun, "Give after how long a run of a task without a limit of its own is given up, or 0 for never."),
        TimeFault("SoftTimeLimit (task_soft_time_limit)", options.SoftTimeLimit, s_longestRun, "Give after how long such a run is asked to end, or 0 for never."),
        TimeFault("ShutdownTimeout (worker_shutdown_timeout)", options.ShutdownTimeout, s_longestShutdown, "Give less than the host's own shutdown timeout, which is 30 s by default."),
        TimeFault("SoftShutdownTimeout (worker_soft_shutdown_timeout)", options.SoftShutdownTimeout, s_longestShutdown, "Give how long tasks may still run after SIGQUIT, or 0 to cancel them at once."),
        NumberFault("MaxTasks (worker_max_tasks)", options.MaxTasks, 0, int.MaxValue, "Give after how many tasks the worker stops, or 0 for never."),
        NumberFault("LagLimit (worker_lag_limit)", options.LagLimit, 0, int.MaxValue, "Give how many messages may wait before /lag answers 503."),
        AutoscaleFault(options.Autoscale),
        ProbeFault(options.Probe),
    }.Concat((options.Queues ?? []).Select(queue => QueueFault("Queues (worker_queues)", queue))).OfType<string>();

    private static string? ContentFault(CeleriacOptions options)
    {
        try
        {
            TaskContents.Of(options);
            return null;
        }
        catch (ArgumentException error)
        {
            return error.Message;
        }
    }

    /// <summary>A queue's name: 1–255 bytes without control characters; null where there is nothing wrong.</summary>
    public static string? QueueFault(string key, string? queue)
    {
        var bytes = Encoding.UTF8.GetByteCount(queue ?? "");
        if (bytes is < 1 or > LongestName)
        {
            return $"{key} holds a queue name of {bytes} bytes{(bytes == 0 ? "" : $", '{queue![..20]}…'")}, but it must be 1–{LongestName} bytes. Give another name.";
        }
        return queue!.Any(char.IsControl) ? $"{key} holds a queue name with a control character. Remove it." : null;
    }

    private static string? ExchangeFault(string key, string? exchange)
    {
        var bytes = Encoding.UTF8.GetByteCount(exchange ?? "");
        return bytes is < 1 or > LongestName || exchange!.Any(char.IsControl)
            ? $"{key} is a name of {bytes} bytes, but it must be 1–{LongestName} bytes without control characters. Give the exchange of the fleet's events; Celery's default is celeryev."
            : null;
    }

    private static string? UrlFault(string key, string? url, Action<BrokerUrl> requireKnown)
    {
        if (string.IsNullOrWhiteSpace(url))
        {
            return $"{key} is empty. Give a URL such as sqlite://celeriac.db or amqp://user:password@host/.";
        }
        try
        {
            requireKnown(BrokerUrl.Parse(url));
            return null;
        }
        catch (BrokerUrlException error)
        {
            return $"{key}: {error.Message}";
        }
    }

    private static void RequireTransport(BrokerUrl url)
    {
        if (!Transports.Schemes.Contains(url.Scheme))
        {
            // Throws, and names the package: an unregistered scheme is all that is wrong here.
            Transports.Create(url);
        }
    }

    private static string? NodeFault(string name)
    {
        try
        {
            var expanded = NodeName.Expand(name);
            return Encoding.UTF8.GetByteCount(expanded) <= LongestName ? null : $"NodeName (worker_node_name) is {expanded.Length} characters long, but must have at most {LongestName} bytes. Shorten it.";
        }
        catch (ArgumentException error)
        {
            return $"NodeName (worker_node_name): {error.Message}";
        }
    }

    private static string? AutoscaleFault(AutoscaleBounds? autoscale) => autoscale is not { } bounds || (bounds.Maximum is >= 1 and <= MostTasks && bounds.Minimum >= 0 && bounds.Minimum <= bounds.Maximum)
        ? null
        : $"Autoscale (worker_autoscale) is '{bounds}', but the first number must be 1–{MostTasks} and the second 0 to the first. Give the most and the least, for example 10,3.";

    private static string? ProbeFault(string? probe) => probe is null || ProbeAddress.Parse(probe) is not null
        ? null
        : $"Probe (worker_probe) is '{probe}', but must be a port or an IP address with a port. Give for example 8080, or 0.0.0.0:8080 to be reached from other machines.";

    private static string? HeartbeatFault(TimeSpan? given) =>
        given is not { } interval || interval >= s_shortestHeartbeat && interval <= s_longestHeartbeat
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"HeartbeatInterval (worker_heartbeat_interval) is '{interval.TotalSeconds:0.###}' s, but must be {s_shortestHeartbeat.TotalSeconds}–{s_longestHeartbeat.TotalSeconds} s. Give 2 s, or WithoutHeartbeat for none.");

    private static string? NumberFault(string key, int value, int least, int most, string remedy) =>
        value >= least && value <= most ? null : string.Create(CultureInfo.InvariantCulture, $"{key} is '{value}', but must be {least}–{most}. {remedy}");

    private static string? TimeFault(string key, TimeSpan value, TimeSpan longest, string remedy) =>
        value >= TimeSpan.Zero && value <= longest
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{key} is '{value.TotalSeconds:0.###}' s, but must be 0–{longest.TotalSeconds:0} s. {remedy}");
}
