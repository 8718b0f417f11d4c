using System.Net.Sockets;

namespace Celeriac.Amqp.Links;

/// <summary>
/// Gives up a server that sends nothing for twice the agreed heartbeat: closes the socket, so that reads and writes that wait on it end. RabbitMQ.Client would notice after three
/// heartbeats or more, in a timer whose failure would end the process.
/// </summary>
internal sealed class SilenceWatch(TimeProvider time, Socket socket) : IDisposable
{
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private TimeSpan _patience;
    private long _waitingSince;
    private volatile bool _isWaiting;
    private volatile string? _verdict;
    private bool _disposed;

    /// <summary>Why the socket was closed; null where it was not closed here.</summary>
    public string? Verdict => _verdict;

    /// <summary>From now on silence counts.</summary>
    /// <param name="heartbeat">What was agreed with the server; zero where neither wants one.</param>
    public void Start(TimeSpan heartbeat)
    {
        lock (_lock)
        {
            if (_disposed || heartbeat <= TimeSpan.Zero)
            {
                return;
            }
            _patience = heartbeat * 2;
            _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(_patience, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The reader waits for bytes: silence is the server's.</summary>
    public void Waiting()
    {
        Volatile.Write(ref _waitingSince, time.GetTimestamp());
        _isWaiting = true;
    }

    /// <summary>Bytes have come. While they are worked on nothing counts as silence.</summary>
    public void Received() => _isWaiting = false;

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _timer?.Dispose();
        }
    }

    private void Look()
    {
        var quiet = _isWaiting ? time.GetElapsedTime(Volatile.Read(ref _waitingSince)) : TimeSpan.Zero;
        if (quiet >= _patience && !HasUnread())
        {
            _verdict = $"no heartbeat from the server for {quiet.TotalSeconds:0} s";
            socket.Dispose();
            return;
        }
        _timer!.Change(quiet < _patience ? _patience - quiet : _patience, Timeout.InfiniteTimeSpan);
    }

    /// <summary>After a sleep of the whole machine, or where no thread was free, what the server has sent meanwhile only waits to be read.</summary>
    private bool HasUnread()
    {
        try
        {
            return socket.Available > 0;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
