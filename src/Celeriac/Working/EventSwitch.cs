namespace Celeriac.Working;

/// <summary>What remote control may do to a worker's events. Without an event stream only the switch itself is remembered.</summary>
internal sealed class EventSwitch
{
    private int _isOn;

    public EventSwitch()
    {
        Enable = () => Interlocked.Exchange(ref _isOn, 1) == 0;
        Disable = () => Interlocked.Exchange(ref _isOn, 0) == 1;
    }

    /// <summary>Switches task events on; false where they were.</summary>
    public Func<bool> Enable { get; init; }

    /// <summary>Switches task events off; false where they were.</summary>
    public Func<bool> Disable { get; init; }

    /// <summary>Sends a heartbeat now.</summary>
    public Action Beat { get; init; } = static () => { };

    /// <summary>Sends <c>worker-elect-ack</c> for an election's id.</summary>
    public Action<string> AcknowledgeElection { get; init; } = static _ => { };
}
