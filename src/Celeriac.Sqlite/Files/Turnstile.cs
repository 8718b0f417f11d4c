using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Celeriac.Sqlite.Files;

/// <summary>
/// A fair turn to write among the processes of one file. Who wants to write takes <c>next</c>, then, holding it, waits for <c>turn</c>, and lets go of <c>next</c>:
/// so at most one process waits for the turn, and nobody who just had it can take it again before that one. SQLite's own handler sleeps blindly instead,
/// and with four writers the longest wait was 1–2 seconds.
/// </summary>
/// <remarks>
/// It is a courtesy: SQLite's lock remains what protects the file. Who waits longer than the patience (a stopped process holds the turn) goes without.
/// A free turn is taken by the writer itself; only where it must wait does a second thread wait in its stead, because flock knows no time limit.
/// </remarks>
internal sealed class Turnstile : IDisposable
{
    private readonly object _gate = new();
    private readonly LockFile _next;
    private readonly LockFile _turn;
    private readonly string _path;
    private readonly TimeSpan _patience;
    private readonly ILogger _logger;
    private Thread? _waiter;
    private bool _isWaiting;
    private bool _isWanted;
    private bool _isGranted;
    private bool _isClosed;
    private bool _isHeld;

    /// <summary>Opens the lock files of a database.</summary>
    public Turnstile(string path, TimeSpan patience, ILogger logger)
    {
        _path = path;
        _patience = patience;
        _logger = logger;
        _next = LockFile.Open(path + "-next");
        _turn = LockFile.Open(BellOf(path));
    }

    /// <summary>The file that is rung.</summary>
    public static string BellOf(string path) => path + "-turn";

    /// <summary>Waits for the turn, at most for the patience. <see cref="Leave"/> must follow, whether it came or not.</summary>
    /// <returns>True where other processes want to write too: the turn was not free.</returns>
    public bool Enter()
    {
        if (!LockFile.IsSupported)
        {
            return false;
        }
        lock (_gate)
        {
            // While a turn that was given up is still being waited for, the process stands in line already and writes without.
            if (!_isWaiting && TryEnter())
            {
                _isHeld = true;
                return false;
            }
            _isHeld = !_isWaiting && WaitInLine();
            return true;
        }
    }

    /// <summary>Lets the next one write.</summary>
    public void Leave()
    {
        if (_isHeld)
        {
            _isHeld = false;
            _turn.Release();
        }
    }

    /// <summary>
    /// Tells the other processes that something was committed. The bell rings after the commit can be seen; an event of the write-ahead log comes
    /// too early, when its frames are written and before they count, so that who looks then sees nothing and sleeps on.
    /// </summary>
    public void Ring(DateTimeOffset now) => _turn.Ring(now);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.PulseAll(_gate);
        }
        _next.Dispose();
        _turn.Dispose();
    }

    // Keeps `next` where the turn is taken: the second thread then waits on from there.
    private bool TryEnter()
    {
        if (!_next.TryLock() || !_turn.TryLock())
        {
            return false;
        }
        _next.Release();
        return true;
    }

    private bool WaitInLine()
    {
        if (_waiter is null)
        {
            _waiter = new Thread(WaitForOthers) { IsBackground = true, Name = "Celeriac SQLite turn" };
            _waiter.Start();
        }
        _isWaiting = _isWanted = true;
        Monitor.PulseAll(_gate);
        var start = Stopwatch.GetTimestamp();
        while (!_isGranted)
        {
            var left = _patience - Stopwatch.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || !_isWaiting)
            {
                _isWanted = false;
                Log.NoTurn(_logger, _path, _patience.TotalMilliseconds);
                return false;
            }
            Monitor.Wait(_gate, left);
        }
        _isGranted = false;
        return true;
    }

    private void WaitForOthers()
    {
        try
        {
            while (IsNeeded())
            {
                var hasTurn = _next.Lock() && _turn.Lock();
                _next.Release();
                HandOver(hasTurn);
            }
        }
        catch (ObjectDisposedException)
        {
            // Closed while another process had the turn: closing the files gave up the place in line.
        }
    }

    private bool IsNeeded()
    {
        lock (_gate)
        {
            while (!_isWaiting && !_isClosed)
            {
                Monitor.Wait(_gate);
            }
            return !_isClosed;
        }
    }

    private void HandOver(bool hasTurn)
    {
        lock (_gate)
        {
            _isWaiting = false;
            _isGranted = hasTurn && _isWanted;
            if (hasTurn && !_isWanted)
            {
                _turn.Release();
            }
            Monitor.PulseAll(_gate);
        }
    }
}
