using System.Reflection;
using System.Text.Json;

namespace Celeriac.Events;

/// <summary>
/// Tells the fleet that a worker lives: worker-online, then a heartbeat at an interval, worker-offline at the end. The beat comes from the dispatcher's own thread.
/// </summary>
internal sealed class Heartbeat(EventDispatcher dispatcher, TimeSpan interval, Func<int> active, Func<long> processed)
{
    private volatile bool _isStarted;

    /// <summary>What our workers call their software.</summary>
    public const string Identity = "cs-celeriac";

    /// <summary>The version of this assembly.</summary>
    public static string Version { get; } =
        typeof(Heartbeat).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public void Start()
    {
        _isStarted = true;
        Send(EventTypes.WorkerOnline);
        dispatcher.Regularly(interval, Beat);
    }

    /// <summary>One heartbeat now, as the control command of that name asks for.</summary>
    public void Beat() => Send(EventTypes.WorkerHeartbeat);

    public void Stop()
    {
        if (!_isStarted)
        {
            return;
        }
        dispatcher.Regularly(interval, null);
        Send(EventTypes.WorkerOffline);
    }

    private void Send(string type) => dispatcher.Send(type, this, static (writer, heart) => heart.Write(writer));

    private void Write(Utf8JsonWriter writer)
    {
        var (one, five, fifteen) = MachineLoad.Read();
        EventWriter.WriteFloat(writer, "freq"u8, interval.TotalSeconds);
        writer.WriteNumber("active"u8, active());
        writer.WriteNumber("processed"u8, processed());
        writer.WriteStartArray("loadavg"u8);
        EventWriter.WriteFloatValue(writer, one);
        EventWriter.WriteFloatValue(writer, five);
        EventWriter.WriteFloatValue(writer, fifteen);
        writer.WriteEndArray();
        writer.WriteString("sw_ident"u8, Identity);
        writer.WriteString("sw_ver"u8, Version);
        writer.WriteString("sw_sys"u8, MachineLoad.SystemName);
    }
}
