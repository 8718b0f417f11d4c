using System.Diagnostics;
using System.Text;
using Celeriac.Brokers;
using Celeriac.Conformance;
using Celeriac.Messaging;
using Microsoft.Extensions.Logging;

namespace Celeriac.Stomp.Tests.Brokers;

/// <summary>A worker and a caller on an ActiveMQ whose scheduler is off.</summary>
public sealed class SchedulerTaskTests(SchedulerTests.WithoutScheduler own) : StompTest, IClassFixture<SchedulerTests.WithoutScheduler>
{
    private static readonly TimeSpan s_countdown = TimeSpan.FromMilliseconds(700);
    private readonly ActiveMqServer _server = own.Server;
    private readonly Place _place = new(own.Server.StompUrl);

    private Gate Gate => ConformanceTasks.GateOf(_place.Queue);

    public override async ValueTask DisposeAsync()
    {
        Gate.Open();
        await _place.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact(Timeout = Limit)]
    public async Task A_warning_at_connect_names_the_setting()
    {
        using var logs = new RecordingLogs();
        await Open(_server.StompUrl, new TransportContext { LoggerFactory = logs }).ConnectAsync(Cancelled);
        var (level, text) = Assert.Single(logs.Of(6001));
        Assert.Equal(LogLevel.Warning, level);
        Assert.Contains("Set schedulerSupport=\"true\" on <broker> in activemq.xml", text, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_call_with_a_countdown_is_refused_and_the_refusal_names_the_setting()
    {
        var later = ConformanceTasks.AddTask.S(1, 1).Set(options => options with { Countdown = TimeSpan.FromHours(1) });
        Assert.Contains("schedulerSupport=\"true\"", await RefusalOfAsync(async () => await _place.Client.SendAsync(later)), StringComparison.Ordinal);
    }

    /// <summary>A peer need not ask: it sends the task with its eta, and the broker delivers it at once.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_arrives_before_its_eta_waits_in_the_worker()
    {
        await _place.StartWorkerAsync();
        var began = Stopwatch.GetTimestamp();
        await SendAsync(Open(_server.StompUrl), _place.Queue, EarlyTask(_place.Queue, TimeProvider.System.GetUtcNow() + s_countdown));
        await Gate.EnteredAsync(Patience);
        var waited = Stopwatch.GetElapsedTime(began);
        Assert.True(waited >= s_countdown, $"It ran after {waited.TotalMilliseconds} ms.");
    }

    [Fact(Timeout = Limit)]
    public async Task A_retry_with_a_delay_waits_in_the_worker()
    {
        await _place.StartWorkerAsync();
        var began = Stopwatch.GetTimestamp();
        var sent = await _place.Client.SendAsync(ConformanceTasks.FlakyTask.S(2, s_countdown.TotalSeconds));
        Assert.Equal(2, await sent.GetAsync(Patience));
        var waited = Stopwatch.GetElapsedTime(began);
        Assert.True(waited >= s_countdown, $"It ran after {waited.TotalMilliseconds} ms.");
    }

    private static Message EarlyTask(string gate, DateTimeOffset eta) => new()
    {
        Body = Encoding.UTF8.GetBytes($$"""[["{{gate}}"],{},{}]"""),
        ContentType = "application/json",
        ContentEncoding = "utf-8",
        CorrelationId = "early",
        Headers = new MessageHeaders([
            new("lang", "py"), new("task", "conformance.wait"), new("id", "early"), new("root_id", "early"), new("retries", 0), new("eta", eta.ToString("O")),
        ]),
    };

    private sealed class Place(string url) : TaskHarness
    {
        static Place() => Transports.Add("stomp", new StompTransportFactory());

        public override string BrokerUrl => url;

        public override string ResultBackend => "rpc://";
    }
}
