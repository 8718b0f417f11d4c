using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Celeriac.Messaging;
using Celeriac.Tests.Filters;
using static Celeriac.Tests.Filters.Stage;

namespace Celeriac.Tests.Diagnostics;

/// <summary>Who listens to the process hears every test, and one test counts bytes while nobody listens.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TelemetryCollection
{
    public const string Name = "telemetry";
}

[Collection(TelemetryCollection.Name)]
public sealed class TelemetryTests : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> _numbers = new();
    private readonly List<IDisposable> _listeners = [];

    public void Dispose() => _listeners.ForEach(listener => listener.Dispose());

    [Fact]
    public async Task A_publish_and_a_run_are_spans_of_one_trace()
    {
        Listen();
        await using var stage = new Stage([Define("t", _ => ValueTask.FromResult(TaskInvocation.Result(7)))]);
        using var request = new Activity("request").Start();
        var sent = await stage.Client.SendAsync(new Signature<int>("t"), Token);
        await sent.GetAsync(Patience, Token);
        var publish = await SpanAsync("publish celery");
        var process = await SpanAsync("process celery");

        Assert.Equal((request.TraceId, request.SpanId), (publish.TraceId, publish.ParentSpanId));
        Assert.Equal((request.TraceId, publish.SpanId), (process.TraceId, process.ParentSpanId));
        Assert.Equal((ActivityKind.Producer, ActivityKind.Consumer), (publish.Kind, process.Kind));
        Assert.Equal((ActivityStatusCode.Unset, ActivityStatusCode.Unset), (publish.Status, process.Status));
        foreach (var (name, value) in new (string, object?)[]
        {
            ("messaging.system", "celeriac.memory"), ("messaging.destination.name", "celery"), ("messaging.message.id", sent.Id),
            ("messaging.message.conversation_id", sent.Id), ("celery.task_name", "t"), ("celeriac.task.root_id", sent.Id),
        })
        {
            Assert.Equal((value, value), (publish.GetTagItem(name), process.GetTagItem(name)));
        }
        Assert.Equal(("publish", "send"), (publish.GetTagItem("messaging.operation.name"), publish.GetTagItem("messaging.operation.type")));
        Assert.Equal(("process", "process"), (process.GetTagItem("messaging.operation.name"), process.GetTagItem("messaging.operation.type")));
        Assert.Equal(("w1@test", 0), (process.GetTagItem("messaging.client.id"), process.GetTagItem("celeriac.task.attempt")));
        Assert.Equal("https://opentelemetry.io/schemas/1.44.0", process.Source.TelemetrySchemaUrl);
    }

    [Fact]
    public async Task A_task_that_sends_a_task_is_its_parent_and_a_retry_stays_in_the_trace()
    {
        Listen();
        await using var stage = new Stage(
        [
            Define("outer", async run => TaskInvocation.Result((await TaskClient.Current.SendAsync(new Signature("inner"), run.CancellationToken)).Id)),
            Define("inner", run => run.Context.Retries == 0 ? throw run.Context.Retry(new IOException("disk"), TimeSpan.Zero) : ValueTask.FromResult(TaskInvocation.NoResult)),
        ]);
        var sent = await stage.Client.SendAsync(new Signature<string>("outer"), Token);
        await stage.Client.Result(await sent.GetAsync(Patience, Token)).WaitAsync(Patience, Token);
        var outer = await SpanAsync("process celery", span => Is(span, "celery.task_name", "outer"));
        var publish = await SpanAsync("publish celery", span => Is(span, "celery.task_name", "inner"));
        var first = await SpanAsync("process celery", span => Is(span, "celery.task_name", "inner") && Is(span, "celeriac.task.attempt", 0));
        var second = await SpanAsync("process celery", span => Is(span, "celery.task_name", "inner") && Is(span, "celeriac.task.attempt", 1));

        Assert.Equal(outer.SpanId, publish.ParentSpanId);
        Assert.Equal((publish.SpanId, publish.SpanId), (first.ParentSpanId, second.ParentSpanId));
        Assert.Single(new[] { outer, publish, first, second }.Select(span => span.TraceId).Distinct());
        Assert.Equal("OSError(disk)", first.GetTagItem("celery.retry.reason"));
        // It will be tried again: nothing has gone wrong yet.
        Assert.Equal((ActivityStatusCode.Unset, null), (first.Status, first.GetTagItem("error.type")));
        Assert.Null(second.GetTagItem("celery.retry.reason"));
    }

    [Fact]
    public async Task A_failure_is_an_error_with_the_exceptions_name()
    {
        Listen();
        await using var stage = new Stage([Define("t", _ => throw new InvalidOperationException("no"))]);
        await stage.FailAsync("t");
        var process = await SpanAsync("process celery");

        Assert.Equal((ActivityStatusCode.Error, "System.InvalidOperationException"), (process.Status, process.GetTagItem("error.type")));
        Assert.Empty(process.Events);
    }

    [Fact]
    public async Task The_context_travels_beside_Celerys_own_headers_as_Pythons_instrumentation_writes_it()
    {
        Listen();
        await using var client = TaskClient.Open($"memory://{Guid.NewGuid():N}");
        await client.SendAsync(new Signature("t"), Token);
        var publish = await SpanAsync("publish celery");
        var headers = (await client.Transport.GetAsync("celery", Token))!.Message.Headers;

        Assert.Equal($"00-{publish.TraceId}-{publish.SpanId}-01", headers.TextOf("traceparent"));
    }

    [Fact]
    public async Task A_message_with_Pythons_context_continues_its_trace()
    {
        Listen();
        await using var stage = new Stage([Define("t", _ => ValueTask.FromResult(TaskInvocation.Result(Activity.Current?.GetBaggageItem("tenant") == "acme" ? 1 : 0)))]);
        var sent = await stage.Client.SendAsync(new Signature<int>("t")
        {
            Options = new()
            {
                Headers = MessageHeaders.Empty.With("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").With("tracestate", "vendor=1").With("baggage", "tenant=acme"),
            },
        }, Token);

        Assert.Equal(1, await sent.GetAsync(Patience, Token));
        var process = await SpanAsync("process celery");
        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "vendor=1"), (process.TraceId.ToString(), process.ParentSpanId.ToString(), process.TraceStateString));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a context")]
    [InlineData("00-00000000000000000000000000000000-0000000000000000-00")]
    public async Task A_context_that_cannot_be_read_begins_a_new_trace(string traceparent)
    {
        Listen();
        await using var stage = new Stage([Define("t", _ => ValueTask.FromResult(TaskInvocation.Result(7)))]);
        var signature = new Signature<int>("t") { Options = new() { Headers = MessageHeaders.Empty.With("traceparent", traceparent) } };

        Assert.Equal(7, await (await stage.Client.SendAsync(signature, Token)).GetAsync(Patience, Token));
        Assert.Equal(default, (await SpanAsync("process celery")).ParentSpanId);
    }

    [Fact]
    public async Task What_was_current_where_the_worker_started_is_no_parent_of_its_runs()
    {
        Listen();
        using var start = new Activity("start").Start();
        await using var stage = new Stage([Define("t", _ => ValueTask.FromResult(TaskInvocation.Result(7)))]);
        Activity.Current = null;
        await stage.CallAsync("t");

        Assert.NotEqual(start.TraceId, (await SpanAsync("process celery")).TraceId);
    }

    [Fact]
    public async Task A_list_is_one_span_and_every_run_its_child()
    {
        Listen();
        await using var stage = new Stage([Define("t", _ => ValueTask.FromResult(TaskInvocation.Result(7)))]);
        foreach (var sent in await stage.Client.SendManyAsync([new Signature<int>("t"), new Signature<int>("t")], Token))
        {
            await sent.GetAsync(Patience, Token);
        }
        var publish = await SpanAsync("publish celery");
        var first = await SpanAsync("process celery");
        var second = await SpanAsync("process celery", span => span != first);

        Assert.Equal(2, publish.GetTagItem("messaging.batch.message_count"));
        Assert.Equal((publish.SpanId, publish.SpanId), (first.ParentSpanId, second.ParentSpanId));
    }

    [Fact]
    public async Task Metrics_count_and_time_what_is_sent_received_and_run()
    {
        Measure();
        var queue = $"m-{Guid.NewGuid():N}";
        await using (var stage = new Stage(
            [Define("t", run => run.Context.Retries == 0 ? throw run.Context.Retry(countdown: TimeSpan.Zero) : throw new InvalidOperationException("no"))],
            worker: options => options.Queues = [queue], shared: options => options.DefaultQueue = queue))
        {
            await stage.FailAsync("t");
        }
        var mine = _numbers.Where(number => Equals(number.Tags.GetValueOrDefault("messaging.destination.name"), queue)).ToList();

        Assert.Equal([1d], Values("messaging.client.sent.messages"));
        Assert.Single(Values("messaging.client.operation.duration"));
        Assert.Equal([1d, 1d], Values("messaging.client.consumed.messages"));
        Assert.Equal(2, Values("messaging.process.duration").Length);
        Assert.Equal([1d], Values("celeriac.task.retries"));
        Assert.Single(Values("celeriac.task.queue_time"));
        // The retry may begin before the first run has quite ended.
        Assert.Equal([-1d, -1d, 1d, 1d], Values("celeriac.task.active").Order());
        var errors = mine.Where(number => number.Name == "messaging.process.duration").Select(number => number.Tags.GetValueOrDefault("error.type"));
        Assert.Equal([null, "System.InvalidOperationException"], errors);
        Assert.All(mine.Where(number => number.Name.StartsWith("messaging.", StringComparison.Ordinal)), number => Assert.Equal("celeriac.memory", number.Tags["messaging.system"]));

        double[] Values(string name) => [.. mine.Where(number => number.Name == name).Select(number => number.Value)];
    }

    [Fact(Timeout = 180_000)]
    public async Task A_worker_tells_how_much_waits_in_its_queues()
    {
        Measure();
        var (url, queue) = ($"memory://{Guid.NewGuid():N}", $"q{Guid.NewGuid():N}");
        void Settle(CeleriacOptions options) => (options.BrokerUrl, options.DefaultQueue) = (url, queue);
        await using var before = TaskClient.Open(new CeleriacOptions { BrokerUrl = url, DefaultQueue = queue });
        foreach (var _ in Enumerable.Range(0, 6))
        {
            await before.SendAsync(new Signature("t"), Token);
        }
        var end = new TaskCompletionSource();
        await using var stage = new Stage([Define("t", async _ =>
        {
            await end.Task;
            return TaskInvocation.NoResult;
        })], worker: options => (options.Concurrency, options.Prefetch) = (1, 1), shared: Settle);
        double[] told;
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        do
        {
            await pause.WaitForNextTickAsync(Token);
            _listeners.OfType<MeterListener>().Single().RecordObservableInstruments();
            told = [.. _numbers.Where(number => number.Name == "celeriac.queue.depth" && Equals(number.Tags["messaging.destination.name"], queue)).Select(number => number.Value)];
        }
        while (told.Length == 0);
        end.SetResult();
        // The worker may have fetched one by then.
        Assert.InRange(told[0], 5, 6);
    }

    [Fact]
    public async Task A_pool_tells_its_size_and_how_much_of_it_works_as_long_as_it_runs()
    {
        Measure();
        var entered = new TaskCompletionSource();
        var end = new TaskCompletionSource();
        var node = $"{Guid.NewGuid():N}@test";
        await using (var stage = new Stage([Define("t", async _ =>
        {
            entered.SetResult();
            await end.Task;
            return TaskInvocation.NoResult;
        })], worker: options => options.NodeName = node))
        {
            await stage.Client.SendAsync(new Signature("t"), Token);
            await entered.Task.WaitAsync(Patience, Token);
            Observe();
            end.SetResult();
        }
        Observe();

        Assert.Equal([4d], Mine("celeriac.worker.pool.size"));
        Assert.Equal([1d], Mine("celeriac.worker.pool.busy"));

        void Observe() => _listeners.OfType<MeterListener>().Single().RecordObservableInstruments();

        double[] Mine(string name) => [.. _numbers.Where(number => number.Name == name && Equals(number.Tags["celeriac.worker.node"], node)).Select(number => number.Value)];
    }

    private static bool Is(Activity span, string name, object value) => Equals(span.GetTagItem(name), value);

    private void Listen()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == CeleriacTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        _listeners.Add(listener);
    }

    private void Measure()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == CeleriacTelemetry.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => _numbers.Enqueue((instrument.Name, value, new(tags.ToArray()))));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _numbers.Enqueue((instrument.Name, value, new(tags.ToArray()))));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => _numbers.Enqueue((instrument.Name, value, new(tags.ToArray()))));
        listener.Start();
        _listeners.Add(listener);
    }

    /// <summary>A span ends when its outcome is stored, which may be a moment after the caller has its result.</summary>
    private async Task<Activity> SpanAsync(string name, Func<Activity, bool>? which = null)
    {
        for (var deadline = Stopwatch.StartNew(); ; await Task.Yield())
        {
            if (_spans.FirstOrDefault(span => span.DisplayName == name && which?.Invoke(span) is not false) is { } found)
            {
                return found;
            }
            Assert.True(deadline.Elapsed < Patience, $"No span '{name}'. There are: {string.Join(", ", _spans.Select(span => span.DisplayName))}");
        }
    }
}
