using System.Collections.Frozen;
using Celeriac.Messaging;

namespace Celeriac.Hosting;

/// <summary>Every setting that configuration and environment can hold. Written by hand: no reflection, and unknown names can be answered.</summary>
internal static class SettingTable
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        Setting.Text("broker_url", ["broker"], "sqlite://celeriac.db", (options, url) => options.BrokerUrl = url),
        Setting.Text("result_backend", [], "sqlite://results.db", (options, url) => options.ResultBackend = url),
        Setting.Text("state_store", [], "redis://localhost:6379/0", (options, url) => options.StateStore = url),
        Setting.Text("task_default_queue", ["default_queue"], "celery", (options, queue) => options.DefaultQueue = queue),
        RoutingSettings.Routes,
        RoutingSettings.Queues,
        Setting.Switch("task_create_missing_queues", ["create_missing_queues"], "true", (options, value) => options.CreateMissingQueues = value),
        Setting.Choice<QueueType>("task_create_missing_queue_type", ["create_missing_queue_type"], "quorum", (options, type) => options.CreateMissingQueueType = type),
        Setting.Choice<QueueType>("task_default_queue_type", ["default_queue_type"], "quorum", (options, type) => options.DefaultQueueType = type),
        Setting.Text("task_default_exchange", ["default_exchange"], "celery", (options, name) => options.DefaultExchange = name),
        Setting.Choice<ExchangeType>("task_default_exchange_type", ["default_exchange_type"], "topic", (options, type) => options.DefaultExchangeType = type),
        Setting.Text("task_default_routing_key", ["default_routing_key"], "celery", (options, key) => options.DefaultRoutingKey = key),
        Setting.Byte("task_default_priority", ["default_priority"], "5", (options, priority) => options.DefaultPriority = priority),
        Setting.Byte("task_queue_max_priority", ["queue_max_priority"], "10", (options, priority) => options.QueueMaxPriority = priority),
        Setting.Switch("task_inherit_parent_priority", ["inherit_parent_priority"], "true", (options, value) => options.InheritParentPriority = value),
        Setting.Duration("result_expires", [], "86400", (options, time) => options.ResultExpires = time),
        Setting.Duration("chord_deadline", [], "86400", (options, time) => options.ChordDeadline = time),
        Setting.Switch("result_persistent", [], "true", (options, value) => options.ResultPersistent = value),
        Setting.Switch("result_extended", [], "false", (options, value) => options.ResultExtended = value),
        Setting.Number("max_body_bytes", ["task_max_body_bytes"], "16777216", (options, bytes) => options.MaxBodyBytes = bytes),
        Setting.Number("result_max_bytes", ["max_result_bytes"], "16777216", (options, bytes) => options.MaxResultBytes = bytes),
        Setting.Text("task_serializer", [], "json", (options, name) => options.TaskSerializer = name),
        Setting.Text("accept_content", ["task_accept_content"], "json,yaml", (options, names) => options.AcceptContent = Split(names)),
        Setting.Choice<JsonTypes>("json_types", ["task_json_types"], "Kombu", (options, types) => options.JsonTypes = types),
        Setting.Switch("task_send_sent_event", ["send_sent_event"], "true", (options, value) => options.SendSentEvent = value),
        Setting.Text("event_exchange", [], "celeryev", (options, name) => options.EventExchange = name),
        Setting.WorkerText("worker_queues", ["queues"], "celery,mail", (options, queues) => options.Queues = Split(queues)),
        Setting.WorkerText("worker_exclude_queues", ["exclude_queues"], "mail", (options, queues) => options.ExcludeQueues = Split(queues)),
        new Setting("worker_pool", ["pool"], "threads, processes (prefork) or solo", "processes", name => WorkerPoolNames.Find(name) is { } pool ? new OptionsChange(null, options => options.Pool = pool) : null),
        Setting.WorkerNumber("worker_max_tasks_per_child", ["max_tasks_per_child"], "100", (options, number) => options.MaxTasksPerChild = number),
        Setting.WorkerNumber("worker_max_memory_per_child", ["max_memory_per_child"], "200000", (options, number) => options.MaxMemoryPerChild = number),
        Setting.WorkerSwitch("task_reject_on_worker_lost", ["reject_on_worker_lost"], "true", (options, value) => options.RejectOnWorkerLost = value),
        Setting.WorkerNumber("worker_concurrency", ["concurrency"], "64", (options, number) => options.Concurrency = number),
        Setting.WorkerNumber("worker_synchronous_concurrency", ["synchronous_concurrency"], "8", (options, number) => options.SynchronousConcurrency = number),
        Setting.WorkerNumber("worker_prefetch", ["prefetch"], "0", (options, number) => options.Prefetch = number),
        Setting.WorkerNumber("worker_max_deaths", ["max_deaths"], "3", (options, number) => options.MaxDeaths = number),
        Setting.WorkerDuration("quarantine_max_age", ["worker_quarantine_max_age"], "2592000", (options, time) => options.QuarantineMaxAge = time),
        Setting.WorkerNumber("quarantine_max_count", ["worker_quarantine_max_count"], "10000", (options, number) => options.QuarantineMaxCount = number),
        Setting.WorkerDuration("worker_concurrency_lease", ["concurrency_lease"], "30", (options, time) => options.ConcurrencyLease = time),
        Setting.WorkerNumber("worker_prefetch_multiplier", ["prefetch_multiplier"], "1", (options, number) => options.PrefetchMultiplier = number),
        Setting.WorkerText("worker_node_name", ["node_name"], "celeriac@%h", (options, name) => options.NodeName = name),
        Setting.WorkerSwitch("task_acks_late", ["acks_late", "worker_acks_late"], "true", (options, value) => options.AcksLate = value),
        Setting.WorkerDuration("task_time_limit", ["time_limit", "worker_time_limit"], "600", (options, time) => options.TimeLimit = time),
        Setting.WorkerDuration("task_soft_time_limit", ["soft_time_limit", "worker_soft_time_limit"], "540", (options, time) => options.SoftTimeLimit = time),
        Setting.WorkerSwitch("task_track_started", ["track_started", "worker_track_started"], "false", (options, value) => options.TrackStarted = value),
        Setting.WorkerSwitch("worker_enable_remote_control", ["enable_remote_control"], "true", (options, value) => options.EnableRemoteControl = value),
        Setting.WorkerText("worker_control_commands", ["control_commands"], "inspect,revoke,shutdown", (options, names) => options.ControlCommands = Split(names)),
        Setting.WorkerSwitch("worker_without_mingle", ["without_mingle"], "false", (options, value) => options.WithoutMingle = value),
        Setting.WorkerText("worker_state_db", ["state_db"], "/var/lib/app/%n.state", (options, path) => options.StateFile = path),
        Setting.WorkerSwitch("worker_send_task_events", ["send_task_events"], "true", (options, value) => options.SendTaskEvents = value),
        Setting.WorkerSwitch("worker_without_heartbeat", ["without_heartbeat"], "false", (options, value) => options.WithoutHeartbeat = value),
        Setting.WorkerDuration("worker_heartbeat_interval", ["heartbeat_interval"], "2", (options, time) => options.HeartbeatInterval = time),
        Setting.WorkerDuration("worker_shutdown_timeout", ["shutdown_timeout"], "25", (options, time) => options.ShutdownTimeout = time),
        Setting.WorkerDuration("worker_soft_shutdown_timeout", ["soft_shutdown_timeout"], "0", (options, time) => options.SoftShutdownTimeout = time),
        Setting.WorkerSwitch("worker_enable_soft_shutdown_on_idle", ["enable_soft_shutdown_on_idle"], "false", (options, value) => options.EnableSoftShutdownOnIdle = value),
        new("worker_autoscale", ["autoscale"], "two whole numbers, the most and the least", "10,3",
            text => AutoscaleBounds.Parse(text) is { } bounds ? new OptionsChange(null, options => options.Autoscale = bounds) : null),
        Setting.WorkerNumber("worker_max_tasks", ["max_tasks"], "1000", (options, number) => options.MaxTasks = number),
        Setting.WorkerText("worker_probe", ["probe"], "8080", (options, address) => options.Probe = address),
        Setting.WorkerNumber("worker_lag_limit", ["lag_limit"], "10000", (options, number) => options.LagLimit = number),
    ];

    private static readonly FrozenDictionary<string, Setting> s_byName =
        All.SelectMany(setting => setting.Aliases.Append(setting.Name).Select(name => (Name: Setting.Normalise(name), Setting: setting)))
            .ToFrozenDictionary(pair => pair.Name, pair => pair.Setting, StringComparer.Ordinal);

    public static IEnumerable<string> Names => All.Select(setting => setting.Name);

    /// <summary>The groups that settings may be nested in, as in <c>Celeriac:Worker:Concurrency</c>.</summary>
    public static IReadOnlyList<string> Groups { get; } = ["Broker", "Result", "Task", "Worker"];

    public static Setting? Find(string name) => s_byName.GetValueOrDefault(Setting.Normalise(name));

    private static string[] Split(string names) => names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
