using System.Collections.Concurrent;
using System.Diagnostics;
using Celeriac.Bench.Acting;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Celeriac.Bench.Yardsticks;

/// <summary>The bare loop of RabbitMQ.Client that sends: confirmed, persistent; <c>mode=publish</c>, or <c>mode=result</c> with a reply for each.</summary>
internal sealed class RabbitClient(Arguments arguments) : Actor
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiting = new();
    private readonly Meter _meter = new(arguments.Tasks);
    private RabbitLink? _link;
    private string _replies = "";

    private IChannel Channel => _link!.Channel;

    public override async Task PrepareAsync()
    {
        _link = await RabbitLink.OpenAsync(arguments, confirms: true);
        _replies = (await Channel.QueueDeclareAsync()).QueueName;
        var consumer = new AsyncEventingBasicConsumer(Channel);
        consumer.ReceivedAsync += (_, reply) =>
        {
            if (_waiting.TryRemove(reply.BasicProperties.CorrelationId!, out var waiter))
            {
                waiter.SetResult();
            }
            return Task.CompletedTask;
        };
        await Channel.BasicConsumeAsync(_replies, autoAck: true, consumer);
    }

    public override Task<Report> RunAsync(CancellationToken end) =>
        Windowed.MeasureAsync(arguments, _meter, arguments.Text("mode") == "result" ? CallAsync : PublishAsync);

    public override async ValueTask DisposeAsync()
    {
        if (_link is not null)
        {
            await _link.DisposeAsync();
        }
    }

    private async Task PublishAsync(int index) =>
        await Channel.BasicPublishAsync("", arguments.Queue, mandatory: false, CeleryMessage.Properties(Guid.NewGuid().ToString()), CeleryMessage.Body);

    private async Task CallAsync(int index)
    {
        var called = Stopwatch.GetTimestamp();
        var id = Guid.NewGuid().ToString();
        var reply = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = reply;
        await Channel.BasicPublishAsync("", arguments.Queue, mandatory: false, CeleryMessage.Properties(id, _replies), CeleryMessage.Body);
        await reply.Task;
        _meter.NoteSince(called);
    }
}
