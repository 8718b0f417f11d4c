using System.Globalization;
using System.Runtime.InteropServices;

namespace Celeriac.Working.Processes;

/// <summary>Signals by name and number, and how the end of a process reads in Celery.</summary>
internal static partial class Signals
{
    public const string Terminate = "SIGTERM";
    public const string Kill = "SIGKILL";

    /// <summary>Celery's soft time limit: the run is asked to end, and its process stays.</summary>
    public const string Soft = "SIGUSR1";

    // What a shell and .NET add to the signal's number where one has ended a process.
    private const int SignalBase = 128;
    private const int MostSignals = 64;

    private static readonly string[] s_linux =
    [
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM",
        "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    private static readonly string[] s_apple =
    [
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGEMT", "SIGFPE", "SIGKILL", "SIGBUS", "SIGSEGV", "SIGSYS", "SIGPIPE", "SIGALRM", "SIGTERM",
        "SIGURG", "SIGSTOP", "SIGTSTP", "SIGCONT", "SIGCHLD", "SIGTTIN", "SIGTTOU", "SIGIO", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGINFO", "SIGUSR1", "SIGUSR2",
    ];

    private static string[] Names => OperatingSystem.IsMacOS() ? s_apple : s_linux;

    /// <summary>The number of a signal; of a name that is unknown here SIGTERM's.</summary>
    public static int NumberOf(string name) =>
        int.TryParse(name, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= MostSignals ? number
        : Array.IndexOf(Names, name) is var index and >= 0 ? index + 1
        : Array.IndexOf(Names, Terminate) + 1;

    /// <summary>How a process ended, as Celery says it: <c>signal 9 (SIGKILL)</c> or <c>exitcode 3</c>.</summary>
    public static string Status(int exitCode)
    {
        var signal = OperatingSystem.IsWindows() ? 0 : exitCode - SignalBase;
        return signal is < 1 or > MostSignals ? string.Create(CultureInfo.InvariantCulture, $"exitcode {exitCode}")
            : signal <= Names.Length ? string.Create(CultureInfo.InvariantCulture, $"signal {signal} ({Names[signal - 1]})")
            : string.Create(CultureInfo.InvariantCulture, $"signal {signal}");
    }

    /// <summary>Sends a signal. A process that has ended meanwhile needs none.</summary>
    public static void Send(int processId, string name)
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SendSignal(processId, NumberOf(name));
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int processId, int signal);
}
