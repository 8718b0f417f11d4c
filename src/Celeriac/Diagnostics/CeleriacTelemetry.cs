namespace Celeriac;

/// <summary>The names to subscribe to: <c>tracing.AddSource(CeleriacTelemetry.ActivitySourceName)</c>, <c>metrics.AddMeter(CeleriacTelemetry.MeterName)</c>.</summary>
public static class CeleriacTelemetry
{
    /// <summary>The name of the activity source.</summary>
    public const string ActivitySourceName = "Celeriac";

    /// <summary>The name of the meter.</summary>
    public const string MeterName = "Celeriac";
}
