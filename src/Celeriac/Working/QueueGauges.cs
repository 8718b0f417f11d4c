using System.Diagnostics.Metrics;
using Celeriac.Diagnostics;
using Celeriac.Messaging;

namespace Celeriac.Working;

/// <summary>
/// How much waits in a worker's queues, for those who collect metrics. Who collects does not wait for a broker, so the queues are counted beside it, and only
/// while somebody collects.
/// </summary>
internal sealed class QueueGauges : IDisposable
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(10);
    private readonly Meter _meter = new(Telemetry.MeterOptions);
    private readonly ObservableGauge<long> _depth;
    private readonly Func<IReadOnlyList<string>> _queues;
    private readonly ITransport _broker;
    private readonly TimeProvider _time;
    private IReadOnlyList<Measurement<long>> _counted = [];

    public QueueGauges(Func<IReadOnlyList<string>> queues, ITransport broker, TimeProvider time)
    {
        (_queues, _broker, _time) = (queues, broker, time);
        _depth = _meter.CreateObservableGauge("celeriac.queue.depth", () => Volatile.Read(ref _counted), "{message}", "How many messages wait in the queue.");
    }

    /// <summary>Counts until the worker stops.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            Volatile.Write(ref _counted, _depth.Enabled && _broker.Capabilities.Counts ? await CountAsync(stop).ConfigureAwait(false) : []);
            await Task.Delay(s_every, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose() => _meter.Dispose();

    private async Task<IReadOnlyList<Measurement<long>>> CountAsync(CancellationToken stop)
    {
        var counted = new List<Measurement<long>>();
        try
        {
            foreach (var queue in _queues())
            {
                if (await _broker.CountAsync(queue, stop).ConfigureAwait(false) is { } counts)
                {
                    counted.Add(new Measurement<long>(counts.Ready, new KeyValuePair<string, object?>(Telemetry.Destination, queue)));
                }
            }
            return counted;
        }
        catch (Exception error) when (error is TransportException or OperationCanceledException or ObjectDisposedException)
        {
            // A number that nobody knows is told by nobody.
            return [];
        }
    }
}
