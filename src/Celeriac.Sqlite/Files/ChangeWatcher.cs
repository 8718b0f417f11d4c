using Celeriac.Sqlite.Engine;
using Microsoft.Extensions.Logging;

namespace Celeriac.Sqlite.Files;

/// <summary>
/// Tells waiters that something was committed: the writer of this process says so at once; for the other processes a bell file is the alarm
/// (<see cref="Turnstile.Ring"/>), SQLite's data_version the check, and a slow poll the net. While nobody waits nothing runs.
/// </summary>
internal sealed class ChangeWatcher(SqliteOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    private const int PollMilliseconds = 250;
    // Where the system has no watch left to give; one check costs some microseconds.
    private const int PollWithoutBellMilliseconds = 20;

    // Timers end at 49 days.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Lock _checking = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Database? _database;
    private Statement? _readVersion;
    private FileSystemWatcher? _bell;
    private ITimer? _poll;
    private long _version;
    private long _changes;
    private int _waiters;
    private bool _isPolling;
    private bool _isClosed;

    /// <summary>Moves with every change noticed.</summary>
    public long Changes => Volatile.Read(ref _changes);

    /// <summary>Moves <see cref="Changes"/> and wakes everybody.</summary>
    public void Tell()
    {
        TaskCompletionSource woken;
        lock (_gate)
        {
            _changes++;
            woken = _next;
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        woken.SetResult();
    }

    /// <summary>Waits until <see cref="Changes"/> differs from <paramref name="seen"/>, at most for a time.</summary>
    public async ValueTask WaitAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Changes != seen || (atMost <= TimeSpan.Zero && atMost != Timeout.InfiniteTimeSpan))
        {
            return;
        }
        Interlocked.Increment(ref _waiters);
        try
        {
            StartWatching();
            // What was committed elsewhere since the caller looked: nobody may have been watching then.
            Check();
            await NextChange(seen).WaitAsync(atMost < LongestWait ? atMost : LongestWait, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
        finally
        {
            Interlocked.Decrement(ref _waiters);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            _bell?.Dispose();
            _poll?.Dispose();
        }
        lock (_checking)
        {
            _database?.Dispose();
            _database = null;
        }
        Tell();
    }

    private Task NextChange(long seen)
    {
        lock (_gate)
        {
            return _changes == seen ? _next.Task : Task.CompletedTask;
        }
    }

    private void StartWatching()
    {
        lock (_gate)
        {
            if (_isPolling || _isClosed)
            {
                return;
            }
            _isPolling = true;
            if (_poll is null)
            {
                _bell = TryListen();
                _poll = time.CreateTimer(static state => ((ChangeWatcher)state!).Poll(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
            var interval = TimeSpan.FromMilliseconds(_bell is null ? PollWithoutBellMilliseconds : PollMilliseconds);
            _poll.Change(interval, interval);
        }
    }

    private FileSystemWatcher? TryListen()
    {
        var file = Turnstile.BellOf(options.Path);
        try
        {
            // Attributes only: setting a file's time is one, writing the log and the database is not, so that their traffic wakes nobody.
            var watcher = new FileSystemWatcher(Path.GetDirectoryName(file)!, Path.GetFileName(file))
            {
                NotifyFilter = OperatingSystem.IsWindows() ? NotifyFilters.LastWrite : NotifyFilters.Attributes,
            };
            watcher.Changed += (_, _) => Check();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception error) when (error is IOException or ArgumentException or PlatformNotSupportedException)
        {
            Log.NoFileWatch(logger, options.Path, error.Message, PollWithoutBellMilliseconds);
            return null;
        }
    }

    private void Poll()
    {
        if (Volatile.Read(ref _waiters) > 0)
        {
            Check();
            return;
        }
        lock (_gate)
        {
            if (!_isClosed && Volatile.Read(ref _waiters) == 0)
            {
                _isPolling = false;
                _poll!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Check()
    {
        if (Volatile.Read(ref _waiters) > 0 && HasNewVersion())
        {
            Tell();
        }
    }

    private bool HasNewVersion()
    {
        lock (_checking)
        {
            if (Volatile.Read(ref _isClosed))
            {
                return false;
            }
            try
            {
                var version = ReadVersion();
                return version != Interlocked.Exchange(ref _version, version);
            }
            catch (DatabaseException)
            {
                // Whoever wakes will meet the same error where it can be told.
                return true;
            }
        }
    }

    private long ReadVersion()
    {
        if (_database is null)
        {
            _database = DatabaseFile.OpenForReading(options);
            _readVersion = _database.Prepare("PRAGMA data_version");
        }
        return _readVersion!.ReadNumber() ?? 0;
    }
}
