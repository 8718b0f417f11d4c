using Celeriac.Messaging;
using Celeriac.Tests.Control;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Celeriac.Tests.Hosting;

[Collection(DefaultClientCollection.Name)]
public sealed class HealthCheckTests : IAsyncDisposable
{
    private readonly SteppedTime _time = new();
    private readonly SetTransport _transport;

    public HealthCheckTests() => _transport = new SetTransport(_time);

    public ValueTask DisposeAsync() => _transport.DisposeAsync();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connected_app_is_healthy_and_names_its_broker_without_the_password()
    {
        _transport.Become(ConnectionState.Connected);
        var entry = await CheckAsync();

        Assert.Equal((HealthStatus.Healthy, "Connected to 'amqp://user:***@broker/'."), (entry.Status, entry.Description));
        Assert.Equal(("amqp://user:***@broker/", "Connected", _time.GetUtcNow()), (entry.Data["broker"], entry.Data["state"], entry.Data["since"]));
        Assert.False(entry.Data.ContainsKey("last_error"));
    }

    [Fact]
    public async Task An_app_that_has_not_used_its_broker_connects_for_the_answer() =>
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync()).Status);

    [Theory]
    [InlineData(ConnectionState.Connecting)]
    [InlineData(ConnectionState.Reconnecting)]
    public async Task An_app_that_connects_is_degraded_for_half_a_minute_and_unhealthy_then(ConnectionState state)
    {
        _transport.Become(state, "Connection refused.");
        _time.Now += TimeSpan.FromSeconds(29);
        var entry = await CheckAsync();

        Assert.Equal((HealthStatus.Degraded, "Connection refused.", state.ToString()), (entry.Status, entry.Data["last_error"], entry.Data["state"]));
        Assert.Equal("Not connected to 'amqp://user:***@broker/' for 29 s: Connection refused. It goes on trying.", entry.Description);
        _time.Now += TimeSpan.FromSeconds(1);
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync()).Status);
    }

    [Fact]
    public async Task The_patience_the_status_of_a_failure_the_name_and_the_tags_may_be_given()
    {
        _transport.Become(ConnectionState.Reconnecting, "reset");
        _time.Now += TimeSpan.FromSeconds(5);
        var entry = await CheckAsync(
            builder => builder.AddCeleriac(name: "broker", failureStatus: HealthStatus.Degraded, tags: ["slow"], patience: TimeSpan.FromSeconds(5)), "broker");

        Assert.Equal((HealthStatus.Degraded, "slow"), (entry.Status, Assert.Single(entry.Tags)));
        entry = await CheckAsync(builder => builder.AddCeleriac(patience: TimeSpan.FromSeconds(5)));
        Assert.Equal((HealthStatus.Unhealthy, "ready"), (entry.Status, Assert.Single(entry.Tags)));
    }

    [Fact]
    public async Task A_first_attempt_that_fails_is_told()
    {
        _transport.OnConnect = transport =>
        {
            transport.Become(ConnectionState.Connecting);
            throw new TransportException("Connection refused.");
        };
        var entry = await CheckAsync();

        Assert.Equal((HealthStatus.Degraded, "Connection refused."), (entry.Status, entry.Data["last_error"]));
    }

    [Fact]
    public async Task A_closed_app_is_unhealthy()
    {
        _transport.OnConnect = _ => throw new ObjectDisposedException("transport");
        var entry = await CheckAsync();

        Assert.Equal((HealthStatus.Unhealthy, "Closed"), (entry.Status, entry.Data["state"]));
    }

    [Fact]
    public async Task A_worker_that_consumes_is_healthy_and_named_and_one_that_does_not_yet_is_degraded()
    {
        var builder = HostingApp.Builder();
        builder.Services.AddSingleton<ITransport>(_transport);
        builder.Services.AddCeleriac(celeriac => celeriac.AddTasks([HostingApp.Add]).AddWorker(worker => worker.NodeName = "w@test"));
        builder.Services.AddHealthChecks().AddCeleriac();
        using var host = builder.Build();
        var checks = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Degraded, (await checks.CheckHealthAsync(Cancelled)).Entries["celeriac"].Status);

        await host.StartAsync(Cancelled);
        await host.Services.GetRequiredService<Worker>().Ready.WaitAsync(TimeSpan.FromSeconds(60), Cancelled);
        var entry = (await checks.CheckHealthAsync(Cancelled)).Entries["celeriac"];
        await host.StopAsync(Cancelled);

        Assert.Equal((HealthStatus.Healthy, "w@test", 0), (entry.Status, entry.Data["worker"], entry.Data["running"]));
    }

    [Fact(Timeout = 180_000)]
    public async Task Liveness_readiness_and_lag_are_checks_of_their_own()
    {
        var builder = HostingApp.Builder();
        builder.Services.AddCeleriac(celeriac => celeriac.Broker(HostingApp.NewBroker()).AddTasks([Held.Definition]).AddWorker(worker => worker.Concurrency = 1));
        builder.Services.AddHealthChecks().AddCeleriac().AddCeleriacLive().AddCeleriacLag(limit: 1);
        using var host = builder.Build();
        var checks = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal((HealthStatus.Unhealthy, "live"), await EntryAsync("celeriac-live"));
        await host.StartAsync(Cancelled);
        var (worker, client) = (host.Services.GetRequiredService<Worker>(), host.Services.GetRequiredService<TaskClient>());
        await worker.Ready.WaitAsync(Cancelled);
        Assert.Equal((HealthStatus.Healthy, "live"), await EntryAsync("celeriac-live"));
        Assert.Equal((HealthStatus.Healthy, "lag"), await EntryAsync("celeriac-lag"));

        var first = await client.SendAsync(Held.Signature, Cancelled);
        await Held.StartedAsync(first.Id);
        for (var number = 0; number < 2; number++)
        {
            Held.Release((await client.SendAsync(Held.Signature, Cancelled)).Id);
        }
        Assert.Equal(HealthStatus.Degraded, (await EntryAsync("celeriac-lag")).Status);
        var stopping = host.StopAsync(Cancelled);
        await Fleet.UntilAsync(() => worker.Life.Health.IsStopping);
        Assert.Equal((HealthStatus.Unhealthy, "ready"), await EntryAsync("celeriac"));
        Assert.Equal(HealthStatus.Healthy, (await EntryAsync("celeriac-live")).Status);
        Held.Release(first.Id);
        await stopping;

        async Task<(HealthStatus Status, string Tag)> EntryAsync(string name) =>
            (await checks.CheckHealthAsync(Cancelled)).Entries[name] is var entry ? (entry.Status, Assert.Single(entry.Tags)) : default;
    }

    [Fact]
    public async Task Without_a_worker_nothing_can_be_dead_or_behind()
    {
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(builder => builder.AddCeleriacLive(), "celeriac-live")).Status);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(builder => builder.AddCeleriacLag(), "celeriac-lag")).Status);
    }

    [Fact]
    public async Task A_result_store_with_a_connection_of_its_own_is_asked_too()
    {
        _transport.Become(ConnectionState.Connected);
        var store = new SetStore { Health = new TransportHealth(ConnectionState.Connected, _time.GetUtcNow()) };
        Assert.Equal((HealthStatus.Healthy, "Connected"), await CheckAsync(store));

        store.Health = new TransportHealth(ConnectionState.Reconnecting, _time.GetUtcNow(), "reset");
        Assert.Equal((HealthStatus.Degraded, "Reconnecting"), await CheckAsync(store));
        _time.Now += TimeSpan.FromSeconds(30);
        Assert.Equal((HealthStatus.Unhealthy, "Reconnecting"), await CheckAsync(store));

        store.Health = new TransportHealth(ConnectionState.Closed, _time.GetUtcNow());
        Assert.Equal((HealthStatus.Healthy, "Connected"), await CheckAsync(store));
    }

    [Fact]
    public async Task A_quarantine_that_holds_more_than_the_alarm_is_degraded()
    {
        await using var transport = Transports.Create(HostingApp.NewBroker());
        await transport.DeclareAsync(Topology.Queue("celery.quarantine"), Cancelled);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<ITransport>(transport);
        services.AddCeleriac(celeriac => celeriac.Broker(HostingApp.NewBroker()));
        services.AddHealthChecks().AddCeleriac(quarantineAlarm: 1);
        await using var provider = services.BuildServiceProvider();
        var checks = provider.GetRequiredService<HealthCheckService>();

        await transport.PublishAsync(Publication.ToQueue("celery.quarantine", new Message { Body = "x"u8.ToArray() }), Cancelled);
        var entry = (await checks.CheckHealthAsync(Cancelled)).Entries["celeriac"];
        Assert.Equal((HealthStatus.Healthy, 1L), (entry.Status, entry.Data["quarantined"]));
        await transport.PublishAsync(Publication.ToQueue("celery.quarantine", new Message { Body = "x"u8.ToArray() }), Cancelled);
        entry = (await checks.CheckHealthAsync(Cancelled)).Entries["celeriac"];
        Assert.Equal((HealthStatus.Degraded, "celery.quarantine holds 2 messages that could not run, and the alarm is set at 1. See 'quarantine list'."), (entry.Status, entry.Description));
    }

    [Fact]
    public async Task Named_apps_have_checks_of_their_own()
    {
        _transport.Become(ConnectionState.Reconnecting, "reset");
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddKeyedSingleton<ITransport>("billing", _transport);
        services.AddSingleton<TimeProvider>(_time);
        services.AddCeleriac(celeriac => celeriac.Broker(HostingApp.NewBroker()));
        services.AddCeleriac("billing");
        services.AddHealthChecks().AddCeleriac().AddCeleriac("billing");
        await using var provider = services.BuildServiceProvider();
        var entries = (await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancelled)).Entries;

        Assert.Equal((HealthStatus.Healthy, HealthStatus.Degraded), (entries["celeriac"].Status, entries["celeriac-billing"].Status));
    }

    [Fact]
    public async Task An_app_that_is_not_registered_is_named()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => CheckAsync(builder => builder.AddCeleriac("biling"), "celeriac-biling"));

        Assert.Contains("asks for app 'biling', which is not registered. There is the unnamed app.", error.Message, StringComparison.Ordinal);
    }

    private async Task<HealthReportEntry> CheckAsync(Action<IHealthChecksBuilder>? add = null, string name = "celeriac")
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<ITransport>(_transport);
        services.AddSingleton<TimeProvider>(_time);
        services.AddCeleriac(celeriac => celeriac.Broker(HostingApp.NewBroker()));
        (add ?? (builder => builder.AddCeleriac()))(services.AddHealthChecks());
        await using var provider = services.BuildServiceProvider();
        return (await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancelled)).Entries[name];
    }

    private async Task<(HealthStatus, object)> CheckAsync(SetStore store)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<ITransport>(_transport);
        services.AddSingleton<IResultStore>(store);
        services.AddSingleton<TimeProvider>(_time);
        services.AddCeleriac(celeriac => celeriac.Broker(HostingApp.NewBroker()));
        services.AddHealthChecks().AddCeleriac();
        await using var provider = services.BuildServiceProvider();
        var entry = (await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancelled)).Entries["celeriac"];
        return (entry.Status, entry.Data["results"]);
    }

    /// <summary>A store whose health a test sets; connecting makes it connected.</summary>
    private sealed class SetStore : IResultStore
    {
        public TransportHealth? Health { get; set; }

        public ValueTask ConnectAsync(CancellationToken cancellationToken = default)
        {
            Health = Health! with { State = ConnectionState.Connected };
            return ValueTask.CompletedTask;
        }

        public ValueTask<string?> PrepareAsync(string taskId, CancellationToken cancellationToken = default) => new((string?)null);
        public ValueTask<ResultRecord?> ReadAsync(string taskId, CancellationToken cancellationToken = default) => new((ResultRecord?)null);
        public ValueTask<ResultRecord> WaitAsync(string taskId, CancellationToken cancellationToken = default) => throw new InvalidOperationException("Nobody waits here.");
        public ResultAttachment? Attach(ITransport transport, ResultRecord record, string? replyTo) => null;
        public ValueTask WriteAsync(ResultRecord record, string? replyTo, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
        public ValueTask ForgetAsync(string taskId, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class SteppedTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
