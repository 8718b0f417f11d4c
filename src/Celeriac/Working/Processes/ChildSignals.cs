using System.Runtime.InteropServices;

namespace Celeriac.Working.Processes;

/// <summary>
/// A terminal's Ctrl+C and a service manager's SIGTERM reach worker and children alike. The children leave what follows to the worker; they end when it does.
/// </summary>
internal sealed class ChildSignals : IDisposable
{
    private readonly List<PosixSignalRegistration> _ignored =
        [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, static context => context.Cancel = true))];

    /// <summary>Ends this process by the signal, as if nothing had ever ignored it.</summary>
    public void Die(string signal)
    {
        Dispose();
        Signals.Send(Environment.ProcessId, signal);
    }

    public void Dispose() => _ignored.ForEach(registration => registration.Dispose());
}
