using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Celeriac.Tests.Hosting;

public sealed class SettingsTests
{
    [Fact]
    public void Nothing_said_gives_the_documented_defaults()
    {
        var (shared, worker) = Options(HostingApp.Builder(), builder => builder.Broker("memory://defaults"));
        Assert.Equal("celery", shared.DefaultQueue);
        Assert.Equal(TimeSpan.FromDays(1), shared.ResultExpires);
        Assert.Equal(Math.Max(64, 8 * Environment.ProcessorCount), worker.Concurrency);
        Assert.Equal(worker.Concurrency, worker.MessagesAhead);
        Assert.True(worker.AcksLate);
    }

    [Theory]
    [InlineData("Celeriac:BrokerUrl")]
    [InlineData("Celeriac:broker_url")]
    [InlineData("Celeriac:Broker:Url")]
    [InlineData("Celeriac:BROKER_URL")]
    [InlineData("Celeriac:Broker")]
    [InlineData("ConnectionStrings:celery")]
    [InlineData("ConnectionStrings:celeriac")]
    public void The_broker_is_found_under_each_of_its_names(string key) =>
        Assert.Equal("memory://named", Options(HostingApp.Builder((key, "memory://named"))).Shared.BrokerUrl);

    [Fact]
    public void Every_setting_of_Celery_reaches_its_option()
    {
        var (shared, worker) = Options(HostingApp.Builder(
            ("Celeriac:broker_url", "memory://all"), ("Celeriac:result_backend", "rpc://"), ("Celeriac:task_default_queue", "jobs"), ("Celeriac:result_expires", "90.5"),
            ("Celeriac:task_acks_late", "False"), ("Celeriac:task_track_started", "on"), ("Celeriac:worker_concurrency", "3"), ("Celeriac:worker_prefetch_multiplier", "4"),
            ("Celeriac:worker_queues", "jobs, mail"), ("Celeriac:worker_synchronous_concurrency", "2"), ("Celeriac:worker_node_name", "w1@%h"),
            ("Celeriac:worker_shutdown_timeout", "00:00:07"), ("Celeriac:max_body_bytes", "4096"), ("Celeriac:task_send_sent_event", "yes"),
            ("Celeriac:worker_send_task_events", "true"), ("Celeriac:worker_without_heartbeat", "1"), ("Celeriac:worker_heartbeat_interval", "5")));
        Assert.Equal((true, true, true, TimeSpan.FromSeconds(5)), (shared.SendSentEvent, worker.SendTaskEvents, worker.WithoutHeartbeat, worker.HeartbeatInterval!.Value));
        Assert.Equal(("memory://all", "rpc://", "jobs", TimeSpan.FromSeconds(90.5), 4096), (shared.BrokerUrl, shared.ResultBackend, shared.DefaultQueue, shared.ResultExpires, shared.MaxBodyBytes));
        Assert.Equal((false, true, 3, 12, 2, "w1@%h"), (worker.AcksLate, worker.TrackStarted, worker.Concurrency, worker.MessagesAhead, worker.SynchronousConcurrency, worker.NodeName));
        Assert.Equal(["jobs", "mail"], worker.Queues);
        Assert.Equal(TimeSpan.FromSeconds(7), worker.ShutdownTimeout);
    }

    [Fact]
    public void How_a_worker_lives_can_be_configured()
    {
        var (_, worker) = Options(HostingApp.Builder(
            ("Celeriac:Broker", "memory://life"), ("Celeriac:worker_soft_shutdown_timeout", "12.5"), ("Celeriac:worker_enable_soft_shutdown_on_idle", "true"), ("Celeriac:Worker:Autoscale", "10,3"),
            ("Celeriac:worker_max_tasks", "1000"), ("Celeriac:worker_probe", "0.0.0.0:8080"), ("Celeriac:worker_lag_limit", "50")));
        Assert.Equal((TimeSpan.FromSeconds(12.5), true, new AutoscaleBounds(10, 3)), (worker.SoftShutdownTimeout, worker.EnableSoftShutdownOnIdle, worker.Autoscale));
        Assert.Equal((1000, "0.0.0.0:8080", 50, 10), (worker.MaxTasks, worker.Probe, worker.LagLimit, worker.MessagesAhead));
    }

    [Theory]
    [InlineData("worker_autoscale", "3,10", "Autoscale (worker_autoscale) is '3,10', but the first number must be")]
    [InlineData("worker_autoscale", "some", "Setting 'Celeriac:worker_autoscale' is 'some', but must be two whole numbers")]
    [InlineData("worker_probe", "everywhere", "Probe (worker_probe) is 'everywhere', but must be a port")]
    [InlineData("worker_max_tasks", "-1", "MaxTasks (worker_max_tasks) is '-1', but must be 0")]
    [InlineData("worker_soft_shutdown_timeout", "-1", "SoftShutdownTimeout (worker_soft_shutdown_timeout) is '-1' s, but must be 0")]
    public void What_is_wrong_with_a_workers_life_is_said(string setting, string value, string text)
    {
        var error = Assert.Throws<OptionsValidationException>(() => Options(HostingApp.Builder(("Celeriac:Broker", "memory://life"), ($"Celeriac:{setting}", value))));
        Assert.StartsWith(text, Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void What_tasks_are_written_in_can_be_configured()
    {
        var shared = Options(
            HostingApp.Builder(("Celeriac:Broker", "memory://content"), ("Celeriac:Task:Serializer", "yaml"), ("Celeriac:accept_content", "json, yaml"), ("Celeriac:JsonTypes", "kombu")),
            celeriac => celeriac.UseYaml().UseYaml()).Shared;
        Assert.Equal(("yaml", JsonTypes.Kombu), (shared.TaskSerializer, shared.JsonTypes));
        Assert.Equal(["json", "yaml"], shared.AcceptContent);
        Assert.Single(shared.Formats);
    }

    [Theory]
    [InlineData("Celeriac:accept_content", "json,pickle", "AcceptContent (accept_content) names 'pickle'")]
    [InlineData("Celeriac:accept_content", "yaml", "UseYaml()")]
    [InlineData("Celeriac:task_serializer", "msgpack", "TaskSerializer (task_serializer) names 'msgpack'")]
    [InlineData("Celeriac:json_types", "fancy", "must be Plain or Kombu")]
    [InlineData("Celeriac:json_types", "1", "must be Plain or Kombu")]
    public void Content_that_tasks_cannot_have_is_a_fault_of_the_settings(string key, string value, string named)
    {
        var error = Assert.Throws<OptionsValidationException>(() => Options(HostingApp.Builder(("Celeriac:Broker", "memory://content"), (key, value))));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_in_configuration_gives_the_queues() =>
        Assert.Equal(["a", "b"], Options(HostingApp.Builder(("Celeriac:Broker", "memory://list"), ("Celeriac:Worker:Queues:0", "a"), ("Celeriac:Worker:Queues:1", "b"))).Worker.Queues);

    [Fact]
    public void The_section_wins_over_the_connection_string() =>
        Assert.Equal("memory://section", Options(HostingApp.Builder(("ConnectionStrings:celery", "memory://connection"), ("Celeriac:BrokerUrl", "memory://section"))).Shared.BrokerUrl);

    [Fact]
    public void The_environment_wins_over_configuration_and_Celeriacs_name_over_Celerys()
    {
        var builder = HostingApp.Builder(("Celeriac:broker_url", "memory://section"), ("Celeriac:worker_concurrency", "1"));
        HostingApp.Environment(builder.Services, ("CELERY_BROKER_URL", "memory://celery"), ("CELERIAC_BROKER_URL", "memory://celeriac"), ("CELERY_WORKER_CONCURRENCY", "2"));
        var (shared, worker) = Options(builder);
        Assert.Equal("memory://celeriac", shared.BrokerUrl);
        Assert.Equal(2, worker.Concurrency);
    }

    [Fact]
    public void Code_wins_over_the_environment_wherever_it_stands()
    {
        var builder = HostingApp.Builder();
        HostingApp.Environment(builder.Services, ("CELERIAC_BROKER_URL", "memory://environment"), ("CELERIAC_WORKER_CONCURRENCY", "2"));
        builder.Services.Configure<WorkerOptions>(options => options.Concurrency = 5);
        var (shared, worker) = Options(builder, celeriac => celeriac.Broker("memory://code"));
        Assert.Equal("memory://code", shared.BrokerUrl);
        Assert.Equal(5, worker.Concurrency);
    }

    [Fact]
    public void Variables_of_a_Python_program_are_left_alone()
    {
        var builder = HostingApp.Builder();
        HostingApp.Environment(builder.Services, ("CELERY_TASK_ROUTES", "x"), ("CELERY_BROKER_URI", "y"), ("CELERIAC_HOME", "z"), ("CELERY_BROKER_URL", "memory://python"));
        Assert.Equal("memory://python", Options(builder).Shared.BrokerUrl);
    }

    [Fact]
    public void An_empty_variable_says_nothing()
    {
        var builder = HostingApp.Builder(("Celeriac:broker_url", "memory://section"));
        HostingApp.Environment(builder.Services, ("CELERIAC_BROKER_URL", ""));
        Assert.Equal("memory://section", Options(builder).Shared.BrokerUrl);
    }

    [Fact]
    public void All_faults_come_at_once_with_key_value_range_and_remedy()
    {
        var builder = HostingApp.Builder(("Celeriac:worker_concurency", "5"), ("Celeriac:result_expires", "soon"), ("Celeriac:worker_prefetch", "-1"), ("Celeriac:Workers:Concurrency", "3"));
        HostingApp.Environment(builder.Services, ("CELERIAC_BROKER_URI", "memory://x"));
        builder.Services.AddCeleriac(celeriac => celeriac.Broker("nosuch://user:s3cret@host").ResultBackend("amqp:/user:s3cret@host")
            .Configure(options => (options.DefaultQueue, options.MaxBodyBytes) = (new string('q', 256), 0))
            .ConfigureWorker(options => (options.Concurrency, options.SynchronousConcurrency, options.NodeName, options.ShutdownTimeout) = (0, 0, "w@%x", TimeSpan.FromSeconds(-1)))
            .ConfigureWorker(options => options.Queues = [""])
            .AddTasks([HostingApp.Add, new TaskDefinition { Name = "math.add", Method = "Other.Add", Parameters = [], Invoker = null }]));
        using var host = builder.Build();
        var error = Assert.Throws<OptionsValidationException>(() => host.Services.GetRequiredService<TaskClient>());
        string[] expected =
        [
            "Setting 'Celeriac:worker_concurency' is unknown. Did you mean 'worker_concurrency'?",
            "Setting 'Celeriac:result_expires' is 'soon', but must be seconds, or hours as hh:mm:ss. Write for example 86400.",
            "Configuration section 'Celeriac:Workers' is unknown. Did you mean 'Worker'?",
            "Setting 'CELERIAC_BROKER_URI' is unknown. Did you mean 'broker_url'?",
            "BrokerUrl (broker_url): No transport is registered for scheme 'nosuch'",
            "ResultBackend (result_backend): ",
            "DefaultQueue (task_default_queue) holds a queue name of 256 bytes",
            "MaxBodyBytes (max_body_bytes) is '0', but must be 1–1073741824.",
            "Concurrency (worker_concurrency) is '0', but must be 1–100000.",
            "SynchronousConcurrency (worker_synchronous_concurrency) is '0', but must be 1–10000.",
            "Prefetch (worker_prefetch) is '-1', but must be 0–65535.",
            "NodeName (worker_node_name): ",
            "ShutdownTimeout (worker_shutdown_timeout) is '-1' s, but must be 0–86400 s.",
            "Queues (worker_queues) holds a queue name of 0 bytes",
            "Tasks MathTasks.Add and Other.Add are all named 'math.add'.",
        ];
        Assert.All(expected, text => Assert.Single(error.Failures, fault => fault.StartsWith(text, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, error.Failures.Count());
        Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_with_faulty_settings_does_not_start()
    {
        var builder = HostingApp.Builder(("Celeriac:worker_concurrency", "many"));
        builder.Services.AddCeleriac(celeriac => celeriac.Broker(HostingApp.NewBroker()));
        using var host = builder.Build();
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains("'Celeriac:worker_concurrency' is 'many'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Named_apps_read_their_own_section_and_variables_only()
    {
        var builder = HostingApp.Builder(("Celeriac:broker_url", "memory://main"), ("Celeriac:billing:broker_url", "memory://billing"), ("Celeriac:billing:worker_concurrency", "2"));
        HostingApp.Environment(builder.Services, ("CELERIAC_WORKER_CONCURRENCY", "9"), ("CELERIAC_BILLING_TASK_DEFAULT_QUEUE", "bills"));
        builder.Services.AddCeleriac();
        builder.Services.AddCeleriac("billing");
        using var host = builder.Build();
        var shared = host.Services.GetRequiredService<IOptionsMonitor<CeleriacOptions>>();
        var worker = host.Services.GetRequiredService<IOptionsMonitor<WorkerOptions>>();
        Assert.Equal(("memory://main", "celery"), (shared.CurrentValue.BrokerUrl, shared.CurrentValue.DefaultQueue));
        Assert.Equal(("memory://billing", "bills"), (shared.Get("billing").BrokerUrl, shared.Get("billing").DefaultQueue));
        Assert.Equal((9, 2), (worker.CurrentValue.Concurrency, worker.Get("billing").Concurrency));
    }

    private static (CeleriacOptions Shared, WorkerOptions Worker) Options(HostApplicationBuilder builder, Action<CeleriacBuilder>? configure = null)
    {
        builder.Services.AddCeleriac(configure);
        using var host = builder.Build();
        return (host.Services.GetRequiredService<IOptionsMonitor<CeleriacOptions>>().CurrentValue, host.Services.GetRequiredService<IOptionsMonitor<WorkerOptions>>().CurrentValue);
    }
}
