using System.Reflection;
using System.Text.Json.Nodes;
using Celeriac.Messaging;

namespace Celeriac.Control.Commands;

/// <summary>The worker's settings by Celery's names. No password leaves it.</summary>
internal static class Configuration
{
    /// <summary>The version of this assembly.</summary>
    public static string Version { get; } =
        typeof(Configuration).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    private const string Replies = "rpc:///";

    public static JsonObject Of(ControlledWorker worker, bool withDefaults)
    {
        var (shared, options) = (worker.Shared, worker.Options);
        var (sharedByDefault, byDefault) = (new CeleriacOptions(), new WorkerOptions());
        var settings = new JsonObject
        {
            ["broker_url"] = worker.Client.Transport.Name,
            ["result_backend"] = ResultsOf(worker),
            ["task_default_queue"] = worker.Client.DefaultQueue,
        };
        RoutingConfiguration.Add(settings, shared, withDefaults);
        Add("result_expires", shared.ResultExpires.TotalSeconds, sharedByDefault.ResultExpires.TotalSeconds);
        Add("chord_deadline", shared.ChordDeadline.TotalSeconds, sharedByDefault.ChordDeadline.TotalSeconds);
        Add("task_max_body_bytes", shared.MaxBodyBytes, sharedByDefault.MaxBodyBytes);
        Add("result_max_bytes", shared.MaxResultBytes, sharedByDefault.MaxResultBytes);
        Add("event_exchange", shared.EventExchange, sharedByDefault.EventExchange);
        Add("task_acks_late", options.AcksLate, byDefault.AcksLate);
        Add("task_time_limit", options.TimeLimit.TotalSeconds, byDefault.TimeLimit.TotalSeconds);
        Add("task_soft_time_limit", options.SoftTimeLimit.TotalSeconds, byDefault.SoftTimeLimit.TotalSeconds);
        Add("task_track_started", options.TrackStarted, byDefault.TrackStarted);
        Add("task_reject_on_worker_lost", options.RejectOnWorkerLost, byDefault.RejectOnWorkerLost);
        Add("worker_pool", WorkerPoolNames.NameOf(options.Pool), WorkerPoolNames.NameOf(byDefault.Pool));
        Add("worker_max_tasks_per_child", options.MaxTasksPerChild, byDefault.MaxTasksPerChild);
        Add("worker_max_memory_per_child", options.MaxMemoryPerChild, byDefault.MaxMemoryPerChild);
        Add("worker_concurrency", options.Concurrency, byDefault.Concurrency);
        Add("worker_synchronous_concurrency", options.SynchronousConcurrency, byDefault.SynchronousConcurrency);
        Add("worker_prefetch", options.Prefetch, byDefault.Prefetch);
        Add("worker_prefetch_multiplier", options.PrefetchMultiplier, byDefault.PrefetchMultiplier);
        Add("worker_max_deaths", options.MaxDeaths, byDefault.MaxDeaths);
        Add("quarantine_max_age", options.QuarantineMaxAge.TotalSeconds, byDefault.QuarantineMaxAge.TotalSeconds);
        Add("quarantine_max_count", options.QuarantineMaxCount, byDefault.QuarantineMaxCount);
        Add("worker_shutdown_timeout", options.ShutdownTimeout.TotalSeconds, byDefault.ShutdownTimeout.TotalSeconds);
        Add("worker_soft_shutdown_timeout", options.SoftShutdownTimeout.TotalSeconds, byDefault.SoftShutdownTimeout.TotalSeconds);
        Add("worker_enable_soft_shutdown_on_idle", options.EnableSoftShutdownOnIdle, byDefault.EnableSoftShutdownOnIdle);
        Add("worker_autoscale", options.Autoscale?.ToString() ?? "", "");
        Add("worker_max_tasks", options.MaxTasks, byDefault.MaxTasks);
        Add("worker_probe", options.Probe ?? "", "");
        Add("worker_lag_limit", options.LagLimit, byDefault.LagLimit);
        Add("worker_enable_remote_control", options.EnableRemoteControl, byDefault.EnableRemoteControl);
        Add("worker_control_commands", string.Join(',', options.ControlCommands), string.Join(',', byDefault.ControlCommands));
        return settings;

        void Add(string name, JsonNode value, JsonNode ordinary)
        {
            if (withDefaults || !JsonNode.DeepEquals(value, ordinary))
            {
                settings[name] = value;
            }
        }
    }

    // Python's workers write replies as rpc:/// : who compares his neighbours' settings finds the same text.
    public static string ResultsOf(ControlledWorker worker) =>
        worker.Shared.ResultBackend is not { Length: > 0 } backend ? worker.Client.Transport.Documents is null ? Replies : worker.Client.Transport.Name
        : BrokerUrl.Parse(backend) is { Scheme: not "rpc" } url ? url.ToString() : Replies;

    /// <summary>The same for people, who write replies as the setting does.</summary>
    public static string ShownResultsOf(ControlledWorker worker) => ResultsOf(worker) is var results && results == Replies ? "rpc://" : results;

    public static string SchemeOf(ControlledWorker worker) => BrokerUrl.Parse(worker.Client.Transport.Name).Scheme;

    /// <summary>The broker as Kombu's connection describes itself (CELERY-PROTOCOL section 15.4).</summary>
    public static JsonObject Broker(ControlledWorker worker)
    {
        var url = BrokerUrl.Parse(worker.Client.Transport.Name);
        return new JsonObject
        {
            ["hostname"] = url.IsEmbedded ? null : url.Host,
            ["userid"] = url.User,
            ["virtual_host"] = url.Path.Length == 0 ? "/" : url.Path,
            ["port"] = url.Port,
            ["insist"] = false,
            ["ssl"] = url.Scheme.EndsWith('s') || url.Scheme.EndsWith("+ssl", StringComparison.Ordinal),
            ["transport"] = url.Scheme,
            ["connect_timeout"] = 4,
            ["transport_options"] = new JsonObject(),
            ["login_method"] = url.User is null ? null : "PLAIN",
            ["uri_prefix"] = null,
            ["heartbeat"] = 0,
            ["failover_strategy"] = "round-robin",
            ["alternates"] = new JsonArray([.. url.Alternates.Select(other => (JsonNode?)other.ToString())]),
        };
    }
}
