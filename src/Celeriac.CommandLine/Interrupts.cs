using System.Runtime.InteropServices;

namespace Celeriac.CommandLine;

/// <summary>Ctrl+C and SIGTERM: the first asks to stop, a second Ctrl+C to stop at once.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _stopNow = new();
    private readonly List<PosixSignalRegistration> _signals = [];

    /// <summary>Fires at the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Fires at the second.</summary>
    public CancellationToken StopNow => _stopNow.Token;

    /// <summary>From here on the signals come here. Not before a verb needs them: a host that runs as it was built has its own way.</summary>
    public void Listen()
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM })
        {
            _signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Raise(context.Signal);
            }));
        }
    }

    public void Raise(PosixSignal signal)
    {
        if (!_stop.IsCancellationRequested)
        {
            _stop.Cancel();
        }
        else if (signal == PosixSignal.SIGINT)
        {
            _stopNow.Cancel();
        }
    }

    public void Dispose()
    {
        _signals.ForEach(signal => signal.Dispose());
        _stop.Dispose();
        _stopNow.Dispose();
    }
}
