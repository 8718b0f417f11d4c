using System.Collections.Concurrent;
using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Reading;

/// <summary>
/// A few read connections, made when needed. In a write-ahead log readers never wait for the writer nor the writer for them;
/// several, so that a long count does not hold up the other reads.
/// </summary>
internal sealed class ReadConnections(SqliteOptions options) : IDisposable
{
    private const int KeptAtMost = 4;
    private const int BusyTries = 3;

    private readonly ConcurrentBag<ReadSession> _idle = [];
    private volatile bool _isClosed;

    /// <summary>Runs a query on a connection of its own.</summary>
    public TAnswer Read<TState, TAnswer>(Func<ReadSession, TState, TAnswer> query, TState state)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return ReadOnce(query, state);
                }
                catch (DatabaseException error) when (error.IsBusy && attempt < BusyTries)
                {
                    // Only while the log is being recovered or cut; SQLite has already waited for the busy timeout.
                }
            }
        }
        catch (DatabaseException error)
        {
            throw SqliteErrors.Translate(error, options.Path);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isClosed = true;
        while (_idle.TryTake(out var session))
        {
            session.Dispose();
        }
    }

    private TAnswer ReadOnce<TState, TAnswer>(Func<ReadSession, TState, TAnswer> query, TState state)
    {
        var session = _idle.TryTake(out var idle) ? idle : Open();
        try
        {
            var answer = query(session, state);
            GiveBack(session);
            return answer;
        }
        catch
        {
            // A connection that failed is not used again.
            session.Dispose();
            throw;
        }
    }

    private void GiveBack(ReadSession session)
    {
        if (_idle.Count >= KeptAtMost)
        {
            session.Dispose();
            return;
        }
        _idle.Add(session);
        if (_isClosed)
        {
            Dispose();
        }
    }

    private ReadSession Open()
    {
        var database = DatabaseFile.OpenForReading(options);
        try
        {
            return new ReadSession(database);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}
