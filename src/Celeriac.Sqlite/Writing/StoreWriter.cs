using Celeriac.Messaging;
using Celeriac.Sqlite.Engine;
using Celeriac.Sqlite.Files;
using Microsoft.Extensions.Logging;

namespace Celeriac.Sqlite.Writing;

/// <summary>The writing side of a store: opens the file, keeps the writer thread, and closes in order.</summary>
internal sealed class StoreWriter(SqliteOptions options, TimeProvider time, Action tellWaiters, ILogger logger) : IAsyncDisposable
{
    // Longer than any ordinary transaction of another process, shorter than a caller's patience.
    private static readonly TimeSpan TurnPatience = TimeSpan.FromMilliseconds(500);
    private const int OpenTries = 5;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private WriterThread? _thread;
    private volatile WriteBatches? _batches;
    private Sessions? _sessions;

    /// <summary>The transactions committed so far.</summary>
    public long Commits => _batches?.Commits ?? 0;

    private WriterThread Thread => _thread ?? throw new InvalidOperationException($"The store '{options.Path}' is not open. Await OpenAsync first.");

    /// <summary>Opens the file, once; after a failure the next call tries again.</summary>
    public Task OpenAsync()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, typeof(SqliteQueueStore));
            if (_thread is null || _thread.HasFailedToOpen)
            {
                _thread = new WriterThread(Open);
            }
            return _thread.StartAsync();
        }
    }

    /// <summary>True once the file is open.</summary>
    public bool IsOpen => _batches is not null;

    /// <summary>Does work and awaits its answer; opens the file where nobody has yet.</summary>
    public async ValueTask<TAnswer> RunAsync<TAnswer>(WriteJob<TAnswer> job, CancellationToken cancellationToken)
    {
        if (!IsOpen)
        {
            await OpenAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        return await Thread.RunAsync(job, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="WriterThread.Run"/>
    public TAnswer Run<TAnswer>(Func<WriteSession, TAnswer> work) => Thread.Run(work);

    /// <summary>Sweeps, and looks for processes with weaker settings.</summary>
    public void Sweep(long now) => Run(session =>
    {
        _sessions?.WarnOfWeaker();
        session.Sweeps.Sweep(now);
        return true;
    });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // From here on a lock held elsewhere is waited for once more and no longer.
        await _closing.CancelAsync().ConfigureAwait(false);
        if (_thread is { } thread)
        {
            await thread.DisposeAsync().ConfigureAwait(false);
        }
        // The source is not disposed: a late caller may still ask it whether the store is closed.
    }

    private WriteBatches Open()
    {
        try
        {
            PlaceCheck.Require(options, logger);
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return OpenOnce();
                }
                catch (DatabaseException error) when (error.IsBusy && attempt < OpenTries && !_closing.IsCancellationRequested)
                {
                    // Another process makes the file or recovers its log; SQLite has waited for the busy timeout already.
                }
            }
        }
        catch (DatabaseException error)
        {
            throw SqliteErrors.Translate(error, options.Path);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw new TransportRefusedException($"The lock files beside '{options.Path}' cannot be made: {error.Message} Give the process the right to write in the folder.", error);
        }
    }

    private WriteBatches OpenOnce()
    {
        var database = DatabaseFile.Open(options);
        Turnstile? turnstile = null;
        try
        {
            turnstile = new Turnstile(options.Path, TurnPatience, logger);
            turnstile.Enter();
            DatabaseFile.SetUp(database, options, logger);
            var session = new WriteSession(database, options.Path, time, logger, _closing.Token);
            _sessions = new Sessions(database, options, logger);
            Announce(session, _sessions);
            turnstile.Leave();
            Log.Opened(logger, options.Path, options.IsFullySynchronous ? "full" : "normal");
            return _batches = new WriteBatches(session, turnstile, _sessions, tellWaiters, time, options.Path, logger);
        }
        catch
        {
            turnstile?.Leave();
            turnstile?.Dispose();
            database.Dispose();
            throw;
        }
    }

    private static void Announce(WriteSession session, Sessions sessions)
    {
        try
        {
            session.InTransaction(static (_, list) => list.Enter(), sessions);
        }
        catch (DatabaseException error) when (error.Code == SQLitePCL.raw.SQLITE_FULL)
        {
            // A full file must open all the same, so that it can be emptied.
        }
        sessions.WarnOfWeaker();
    }
}
