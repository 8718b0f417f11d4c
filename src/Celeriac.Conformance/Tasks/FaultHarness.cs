namespace Celeriac.Conformance;

/// <summary>A broker that a fact may stop, kill and start, with a network before it that may fail; caller and worker go through that network.</summary>
public abstract class FaultHarness : TaskHarness
{
    /// <summary>The network between everybody and the broker.</summary>
    public abstract TcpProxy Network { get; }

    /// <summary>How many restarts in a row the broker is put through. The environment variable <c>CELERIAC_RESTARTS</c> sets another number.</summary>
    public abstract int Restarts { get; }

    /// <summary>Ends the broker.</summary>
    /// <param name="kill">True: as a power failure would. False: as its operator would.</param>
    public abstract Task StopBrokerAsync(bool kill);

    /// <summary>Starts the broker again, with the data that it had, and returns when it answers.</summary>
    public abstract Task StartBrokerAsync();

    /// <inheritdoc/>
    public override string ResultBackend => "rpc://";

    /// <summary>How long a fact waits: a broker's start on a busy machine included.</summary>
    public override TimeSpan Patience => TimeSpan.FromSeconds(90);

    /// <summary>The options under which losses are noticed and mended fast enough for a test.</summary>
    protected static string QuickOptions => "heartbeat=1s&publish_timeout=3s&connect_timeout=3s&reconnect_delay=50ms&reconnect_delay_max=250ms";
}
