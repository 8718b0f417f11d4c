using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Sending;
using Celeriac.Working;
using static Celeriac.Tests.Filters.Stage;

namespace Celeriac.Tests.Diagnostics;

[Collection(TelemetryCollection.Name)]
public sealed class TelemetryCostTests
{
    [Fact]
    public void While_nobody_listens_nothing_is_allocated()
    {
        var place = new TelemetryPlace("amqp://broker:5672/");
        var sending = new SendTelemetry(place, TimeProvider.System);
        var running = new RunTelemetry(place, "w1@test", TimeProvider.System);
        var message = TaskMessageCodec.Encode(new Signature("t"), new EncodeContext(TaskId.New(), "r", null, "o", null, null, null));
        var definition = Define("t", _ => default);
        var task = new AdmittedTask(
            new Delivery(null!, message, "celery", default), TaskMessageCodec.Decode(message, DecodeLimits.Default).Request!, new TaskRuntime(definition, new RateGate(null, TimeProvider.System)))
        { AcksLate = true };
        var outcome = new Outcome.Succeeded(TaskInvocation.NoResult);
        var headers = new List<KeyValuePair<string, HeaderValue>>();
        Once();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 100; round++)
        {
            Once();
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Once()
        {
            using var publishing = sending.Begin("celery", "t", 1);
            TraceHeaders.Add(headers, publishing.Span);
            publishing.Tell("id", "root", null, null);
            publishing.Succeed();
            running.Received("celery");
            using var run = running.Begin(task);
            run.End(outcome, TimeSpan.Zero);
        }
    }

    [Theory]
    [InlineData("amqp://broker:5673/vhost", "rabbitmq", "broker", 5673)]
    [InlineData("stomp://mq", "activemq", "mq", null)]
    [InlineData("sqlite://celeriac.db", "celeriac.sqlite", null, null)]
    [InlineData("memory://one", "celeriac.memory", null, null)]
    public void The_place_is_read_from_the_brokers_url(string url, string system, string? address, int? port)
    {
        var place = new TelemetryPlace(url);
        Assert.Equal((system, address, port), (place.System, place.ServerAddress, place.ServerPort));
    }
}
