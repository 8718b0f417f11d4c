using System.Globalization;
using System.Runtime.InteropServices;

namespace Celeriac.Events;

/// <summary>What heartbeats tell of the machine.</summary>
internal static class MachineLoad
{
    private const string LoadFile = "/proc/loadavg";

    /// <summary>The system's name as Python's <c>platform.system()</c> gives it.</summary>
    public static string SystemName { get; } =
        OperatingSystem.IsLinux() ? "Linux"
        : OperatingSystem.IsWindows() ? "Windows"
        : OperatingSystem.IsMacOS() ? "Darwin"
        : RuntimeInformation.OSDescription;

    /// <summary>The load averages of 1, 5 and 15 minutes; zeros where the system does not tell.</summary>
    public static (double One, double Five, double Fifteen) Read()
    {
        try
        {
            return OperatingSystem.IsLinux() ? Parse(File.ReadAllText(LoadFile)) : default;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }

    internal static (double One, double Five, double Fifteen) Parse(string text)
    {
        var parts = text.Split(' ');
        return parts.Length >= 3 && TryNumber(parts[0], out var one) && TryNumber(parts[1], out var five) && TryNumber(parts[2], out var fifteen) ? (one, five, fifteen) : default;
    }

    private static bool TryNumber(string text, out double number) => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
}
