using System.Runtime.InteropServices;

namespace Celeriac.CommandLine;

/// <summary>
/// The signals, with Celery's meaning. The first Ctrl+C, SIGTERM or SIGHUP asks to stop (warm); SIGQUIT or a second Ctrl+C to stop soon (soft); another one to
/// stop at once (cold). With <c>REMAP_SIGTERM=SIGQUIT</c> SIGTERM is SIGQUIT. SIGUSR1 asks what runs.
/// </summary>
internal sealed class Interrupts(bool termIsQuit = false) : IDisposable
{
    /// <summary>Celery's environment variable.</summary>
    public const string Remap = "REMAP_SIGTERM";

    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _stopSoon = new();
    private readonly CancellationTokenSource _stopNow = new();
    private readonly List<PosixSignalRegistration> _signals = [];

    /// <summary>Fires at the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Fires when tasks are no longer to be waited for without a limit.</summary>
    public CancellationToken StopSoon => _stopSoon.Token;

    /// <summary>Fires when they are to be cancelled.</summary>
    public CancellationToken StopNow => _stopNow.Token;

    /// <summary>Called on SIGUSR1.</summary>
    public Action? Asked { get; set; }

    public static bool TermIsQuit(string? remap) => remap?.Trim().ToUpperInvariant() is "SIGQUIT" or "QUIT";

    /// <summary>From here on the signals come here. Not before a verb needs them: a host that runs as it was built has its own way.</summary>
    public void Listen()
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM })
        {
            Listen(signal, () => Raise(signal));
        }
    }

    /// <summary>The others, which only a worker understands.</summary>
    public void ListenAsWorker()
    {
        Listen(PosixSignal.SIGQUIT, () => Raise(PosixSignal.SIGQUIT));
        Listen(PosixSignal.SIGHUP, () => Raise(PosixSignal.SIGHUP));
        if (!OperatingSystem.IsWindows())
        {
            // .NET has no name for SIGUSR1; its number is the system's.
            Listen((PosixSignal)(OperatingSystem.IsLinux() ? 10 : 30), () => Asked?.Invoke());
        }
    }

    public void Raise(PosixSignal signal)
    {
        var isQuit = signal == PosixSignal.SIGQUIT || (signal == PosixSignal.SIGTERM && termIsQuit);
        if (_stopSoon.IsCancellationRequested)
        {
            if (isQuit || signal == PosixSignal.SIGINT)
            {
                _stopNow.Cancel();
            }
        }
        else if (isQuit || (signal == PosixSignal.SIGINT && _stop.IsCancellationRequested))
        {
            _stopSoon.Cancel();
            _stop.Cancel();
        }
        else
        {
            _stop.Cancel();
        }
    }

    public void Dispose()
    {
        _signals.ForEach(signal => signal.Dispose());
        _stop.Dispose();
        _stopSoon.Dispose();
        _stopNow.Dispose();
    }

    private void Listen(PosixSignal signal, Action act) => _signals.Add(PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        act();
    }));
}
