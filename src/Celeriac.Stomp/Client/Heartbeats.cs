using System.Globalization;

namespace Celeriac.Stomp;

/// <summary>
/// Shows the server that the client lives, and notices when the server does not. It sends after three quarters of the agreed time,
/// because some servers give a client up at the very moment its time is over.
/// </summary>
internal sealed class Heartbeats : IDisposable
{
    private readonly TimeProvider time;
    private readonly FrameWriter output;
    private readonly Action<TimeSpan> silent;
    private readonly TimeSpan sendAfter;
    private readonly TimeSpan patience;
    private readonly ITimer? sendTimer;
    private readonly ITimer? receiveTimer;
    private long lastReceived;
    private volatile bool isReading;

    /// <param name="send">At least this often something is sent; zero for no rule.</param>
    /// <param name="receive">This often something comes; zero for no rule.</param>
    /// <param name="time">The clock.</param>
    /// <param name="output">Where the beats go.</param>
    /// <param name="silent">Called once nothing has come for twice the agreed time, with that time.</param>
    public Heartbeats(TimeSpan send, TimeSpan receive, TimeProvider time, FrameWriter output, Action<TimeSpan> silent)
    {
        (this.time, this.output, this.silent) = (time, output, silent);
        sendAfter = send * 0.75;
        patience = receive * 2;
        lastReceived = time.GetTimestamp();
        // The timers are set after their fields, because a callback may come before the constructor has ended.
        sendTimer = send > TimeSpan.Zero ? time.CreateTimer(_ => Send(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) : null;
        receiveTimer = receive > TimeSpan.Zero ? time.CreateTimer(_ => Check(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) : null;
        sendTimer?.Change(sendAfter, Timeout.InfiniteTimeSpan);
        receiveTimer?.Change(patience, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The header <c>heart-beat</c> as two spans; none is zero and zero.</summary>
    public static (TimeSpan Send, TimeSpan Receive) Parse(string? header)
    {
        var parts = (header ?? "0,0").Split(',');
        return parts.Length == 2
            && int.TryParse(parts[0].AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var send)
            && int.TryParse(parts[1].AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var receive)
                ? (TimeSpan.FromMilliseconds(send), TimeSpan.FromMilliseconds(receive))
                : throw new StompProtocolException("The server's CONNECTED frame has a 'heart-beat' header that is not two numbers of milliseconds with a comma between them.");
    }

    /// <summary>What both sides agree on: the longer of the two times, or zero if either does not want it.</summary>
    public static TimeSpan Agree(TimeSpan one, TimeSpan other) =>
        one == TimeSpan.Zero || other == TimeSpan.Zero ? TimeSpan.Zero : one > other ? one : other;

    /// <summary>The reader waits for bytes: from now on silence is the server's.</summary>
    public void Reading()
    {
        Volatile.Write(ref lastReceived, time.GetTimestamp());
        isReading = true;
    }

    /// <summary>Bytes have come. While they are worked on nothing counts as silence.</summary>
    public void Received()
    {
        isReading = false;
        Volatile.Write(ref lastReceived, time.GetTimestamp());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        sendTimer?.Dispose();
        receiveTimer?.Dispose();
    }

    private void Send()
    {
        var idle = time.GetElapsedTime(output.LastWritten);
        if (idle >= sendAfter)
        {
            output.Beat();
            idle = TimeSpan.Zero;
        }
        sendTimer?.Change(sendAfter - idle, Timeout.InfiniteTimeSpan);
    }

    private void Check()
    {
        var quiet = isReading ? time.GetElapsedTime(Volatile.Read(ref lastReceived)) : TimeSpan.Zero;
        if (quiet >= patience)
        {
            silent(quiet);
            return;
        }
        receiveTimer?.Change(patience - quiet, Timeout.InfiniteTimeSpan);
    }
}
