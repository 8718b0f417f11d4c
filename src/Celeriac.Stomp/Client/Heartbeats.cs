using System.Globalization;

namespace Celeriac.Stomp;

/// <summary>
/// Shows the server that the client lives, and notices when the server does not. It sends after three quarters of the agreed time,
/// because some servers give a client up at the very moment its time is over. It waits for three times the agreed time, because ActiveMQ
/// looks once in that time whether it has sent something, and so may be silent for twice as long and a little more.
/// </summary>
internal sealed class Heartbeats : IDisposable
{
    private readonly TimeProvider _time;
    private readonly FrameWriter _output;
    private readonly Action<TimeSpan> _silent;
    private readonly TimeSpan _sendAfter;
    private readonly TimeSpan _patience;
    private readonly ITimer? _sendTimer;
    private readonly ITimer? _receiveTimer;
    private long _lastReceived;
    private volatile bool _isReading = true;

    /// <param name="send">At least this often something is sent; zero for no rule.</param>
    /// <param name="receive">This often something comes; zero for no rule.</param>
    /// <param name="time">The clock.</param>
    /// <param name="output">Where the beats go.</param>
    /// <param name="silent">Called once nothing has come for three times the agreed time, with the time of silence.</param>
    public Heartbeats(TimeSpan send, TimeSpan receive, TimeProvider time, FrameWriter output, Action<TimeSpan> silent)
    {
        (_time, _output, _silent) = (time, output, silent);
        _sendAfter = send * 0.75;
        _patience = receive * 3;
        _lastReceived = time.GetTimestamp();
        _sendTimer = send > TimeSpan.Zero ? time.CreateTimer(_ => Send(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) : null;
        _receiveTimer = receive > TimeSpan.Zero ? time.CreateTimer(_ => Check(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) : null;
    }

    /// <summary>Starts both rules. Not in the constructor: a beat may be due before its owner is whole.</summary>
    public void Start()
    {
        _sendTimer?.Change(_sendAfter, Timeout.InfiniteTimeSpan);
        _receiveTimer?.Change(_patience, Timeout.InfiniteTimeSpan);
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
        Volatile.Write(ref _lastReceived, _time.GetTimestamp());
        _isReading = true;
    }

    /// <summary>Bytes have come. While they are worked on nothing counts as silence.</summary>
    public void Received()
    {
        _isReading = false;
        Volatile.Write(ref _lastReceived, _time.GetTimestamp());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sendTimer?.Dispose();
        _receiveTimer?.Dispose();
    }

    private void Send()
    {
        var idle = _time.GetElapsedTime(_output.LastWritten);
        if (idle >= _sendAfter)
        {
            _output.Beat();
            idle = TimeSpan.Zero;
        }
        _sendTimer?.Change(_sendAfter - idle, Timeout.InfiniteTimeSpan);
    }

    private void Check()
    {
        var quiet = _isReading ? _time.GetElapsedTime(Volatile.Read(ref _lastReceived)) : TimeSpan.Zero;
        if (quiet >= _patience)
        {
            _silent(quiet);
            return;
        }
        _receiveTimer?.Change(_patience - quiet, Timeout.InfiniteTimeSpan);
    }
}
