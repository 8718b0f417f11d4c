using System.Diagnostics;
using Celeriac.Bench.Acting;
using MassTransit;

namespace Celeriac.Bench.Peers;

/// <summary>What is asked.</summary>
public sealed record Add(int X, int Y);

/// <summary>What is answered.</summary>
public sealed record Sum(int Value);

/// <summary>A task without an answer.</summary>
public sealed record Noop(long Sent);

/// <summary>MassTransit sends (durable, confirmed: its defaults) or, with <c>mode=result</c>, asks with its request client.</summary>
internal sealed class MassTransitClient(Arguments arguments) : Actor
{
    private readonly IBusControl _bus = Bus.Factory.CreateUsingRabbitMq(bus => bus.Host(new Uri(arguments.Broker)));
    private readonly Meter _meter = new(arguments.Tasks);
    private readonly Uri _queue = new($"queue:{arguments.Queue}");

    public override Task PrepareAsync() => _bus.StartAsync();

    public override async Task<Report> RunAsync(CancellationToken end)
    {
        var endpoint = await _bus.GetSendEndpoint(_queue);
        var requests = _bus.CreateRequestClient<Add>(_queue, RequestTimeout.After(m: 2));
        if (arguments.Text("mode") != "result")
        {
            return await Windowed.MeasureAsync(arguments, _meter, _ => endpoint.Send(new Noop(0), CancellationToken.None));
        }
        // Its request client waits for ever when the first requests of a process come a hundred at once.
        await CallAsync(0);
        return await Windowed.MeasureAsync(arguments, _meter, CallAsync);

        async Task CallAsync(int index)
        {
            var called = Stopwatch.GetTimestamp();
            await requests.GetResponse<Sum>(new Add(index, 1), CancellationToken.None);
            _meter.NoteSince(called);
        }
    }

    public override async ValueTask DisposeAsync() => await _bus.StopAsync();
}
