using Celeriac.Bench.Acting;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Celeriac.Bench.Yardsticks;

/// <summary>The bare loop of RabbitMQ.Client that works: counts, replies where that is asked for (transient, as Celery does), acknowledges each.</summary>
internal sealed class RabbitWorker(Arguments arguments) : Actor
{
    private readonly Meter _meter = new(0);
    private RabbitLink? _link;

    private IChannel Channel => _link!.Channel;

    public override async Task PrepareAsync()
    {
        Tally.Expect(arguments, _meter);
        _link = await RabbitLink.OpenAsync(arguments, confirms: false);
        await Channel.BasicQosAsync(0, (ushort)arguments.Number("prefetch", 100), global: false);
        if (!arguments.Has("hold"))
        {
            await ConsumeAsync();
        }
    }

    public override async Task<Report> RunAsync(CancellationToken end)
    {
        if (arguments.Has("hold"))
        {
            await ConsumeAsync();
        }
        return await Tally.FinishAsync(end);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_link is not null)
        {
            await _link.DisposeAsync();
        }
    }

    private async Task ConsumeAsync()
    {
        var consumer = new AsyncEventingBasicConsumer(Channel);
        consumer.ReceivedAsync += WorkAsync;
        await Channel.BasicConsumeAsync(arguments.Queue, autoAck: false, consumer);
    }

    private async Task WorkAsync(object sender, BasicDeliverEventArgs task)
    {
        Tally.Run(0);
        if (task.BasicProperties.ReplyTo is { Length: > 0 } replies)
        {
            var properties = new BasicProperties { ContentType = "application/json", ContentEncoding = "utf-8", CorrelationId = task.BasicProperties.CorrelationId };
            await Channel.BasicPublishAsync("", replies, mandatory: false, properties, CeleryMessage.Reply);
        }
        await Channel.BasicAckAsync(task.DeliveryTag, multiple: false);
    }
}
