using Celeriac.Bench.Acting;
using MassTransit;

namespace Celeriac.Bench.Peers;

/// <summary>MassTransit works: one receive endpoint, with its own prefetch or a given one.</summary>
internal sealed class MassTransitWorker(Arguments arguments) : Actor
{
    private readonly Meter _meter = new(0);
    private IBusControl? _bus;

    public override async Task PrepareAsync()
    {
        Tally.Expect(arguments, _meter);
        _bus = Bus.Factory.CreateUsingRabbitMq(bus =>
        {
            bus.Host(new Uri(arguments.Broker));
            bus.ReceiveEndpoint(arguments.Queue, endpoint =>
            {
                if (arguments.Has("prefetch"))
                {
                    endpoint.PrefetchCount = arguments.Number("prefetch", 0);
                }
                endpoint.Consumer<NoopConsumer>();
                endpoint.Consumer<AddConsumer>();
            });
        });
        if (!arguments.Has("hold"))
        {
            await _bus.StartAsync();
        }
    }

    public override async Task<Report> RunAsync(CancellationToken end)
    {
        if (arguments.Has("hold"))
        {
            await _bus!.StartAsync(CancellationToken.None);
        }
        return await Tally.FinishAsync(end);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_bus is not null)
        {
            await _bus.StopAsync();
        }
    }

    private sealed class NoopConsumer : IConsumer<Noop>
    {
        public Task Consume(ConsumeContext<Noop> context)
        {
            Tally.Run(context.Message.Sent);
            return Task.CompletedTask;
        }
    }

    private sealed class AddConsumer : IConsumer<Add>
    {
        public Task Consume(ConsumeContext<Add> context)
        {
            Tally.Run(0);
            return context.RespondAsync(new Sum(context.Message.X + context.Message.Y));
        }
    }
}
