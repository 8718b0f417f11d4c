using System.Diagnostics.Metrics;
using Celeriac.Diagnostics;

namespace Celeriac.Working;

/// <summary>How large a worker's pool is and how much of it works, told to those who collect metrics, as long as the worker runs.</summary>
internal sealed class PoolGauges : IDisposable
{
    // A meter of the worker's own, so that its gauges end with it.
    private readonly Meter _meter;

    public PoolGauges(string node, Func<int> size, Func<int> busy)
    {
        _meter = new Meter(Telemetry.MeterOptions);
        KeyValuePair<string, object?> tag = new(Telemetry.Node, node);
        _meter.CreateObservableGauge("celeriac.worker.pool.size", () => new Measurement<int>(size(), tag), "{task}", "How many tasks the worker runs at once.");
        _meter.CreateObservableGauge("celeriac.worker.pool.busy", () => new Measurement<int>(busy(), tag), "{task}", "How many it runs now.");
    }

    public void Dispose() => _meter.Dispose();
}
