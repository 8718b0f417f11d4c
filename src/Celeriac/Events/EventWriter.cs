using Celeriac.Serialization;
using System.Buffers;
using System.Text.Json;
using Celeriac.Protocol;

namespace Celeriac.Events;

/// <summary>Writes one event as JSON, with the fields that every event has in Celery's order (CELERY-PROTOCOL section 14).</summary>
internal sealed class EventWriter(string hostname, LogicalClock clock, TimeProvider time)
{
    // A buffer that one huge event has stretched is not kept for ever.
    private const int LargestKept = 64 * 1024;

    [ThreadStatic]
    private static Utf8JsonWriter? t_writer;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    private readonly int _processId = Environment.ProcessId;

    /// <summary>The event as UTF-8. The clock goes on by one.</summary>
    public byte[] Write<TState>(string type, TState state, Action<Utf8JsonWriter, TState> fields)
    {
        var buffer = t_buffer ??= new ArrayBufferWriter<byte>(512);
        var writer = t_writer ??= new Utf8JsonWriter(buffer, JsonText.WriterOptions);
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        var now = time.GetUtcNow();
        writer.WriteStartObject();
        writer.WriteString("hostname"u8, hostname);
        writer.WriteNumber("utcoffset"u8, HoursWestOfUtc(time.LocalTimeZone.GetUtcOffset(now)));
        writer.WriteNumber("pid"u8, _processId);
        writer.WriteNumber("clock"u8, clock.Forward());
        fields(writer, state);
        WriteFloat(writer, "timestamp"u8, UnixSeconds(now));
        writer.WriteString("type"u8, type);
        writer.WriteEndObject();
        writer.Flush();
        var written = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity > LargestKept)
        {
            t_buffer = null;
            t_writer = null;
        }
        return written;
    }

    /// <summary>A number that Python reads as a float, also where it is whole.</summary>
    public static void WriteFloat(Utf8JsonWriter writer, ReadOnlySpan<byte> name, double value)
    {
        writer.WritePropertyName(name);
        WriteFloatValue(writer, value);
    }

    /// <inheritdoc cref="WriteFloat"/>
    public static void WriteFloatValue(Utf8JsonWriter writer, double value) =>
        writer.WriteRawValue(double.IsFinite(value) ? PythonFloat.Repr(value) : "0.0", skipInputValidation: true);

    /// <summary>What Python's <c>utcoffset()</c> answers: whole hours west of UTC, rounded down, daylight saving time included.</summary>
    public static int HoursWestOfUtc(TimeSpan offset) => (int)Math.Floor(-offset.TotalHours);

    private static double UnixSeconds(DateTimeOffset now) => (now.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / (double)TimeSpan.TicksPerSecond;
}
