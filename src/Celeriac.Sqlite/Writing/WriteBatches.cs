using System.Diagnostics.CodeAnalysis;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Sqlite.Engine;
using Celeriac.Sqlite.Files;
using Microsoft.Extensions.Logging;

namespace Celeriac.Sqlite.Writing;

/// <summary>
/// Runs what has gathered: together in one transaction, and where that fails one by one, so that only the guilty caller sees the failure.
/// Callers are answered after the commit, waiters and other processes are told, and the turn goes to the next process.
/// </summary>
internal sealed class WriteBatches(WriteSession session, Turnstile turnstile, Sessions sessions, Action tellWaiters, TimeProvider time, string path, ILogger logger) : IDisposable
{
    private const int PagesAtOnce = 1000;
    // Free pages worth keeping for the next messages: 4 MB.
    private const int FreePagesKept = 1000;

    private readonly List<WriteJob> _started = [];
    private readonly List<(WriteJob Job, Exception? Error)> _done = [];

    /// <summary>True while there is nothing to do in idle time: the log is cut and the file shrunk since the last write.</summary>
    public bool IsTidy { get; private set; } = true;

    /// <summary>Where those go on whose work is done.</summary>
    public AnswerLine Answers { get; } = new();

    /// <summary>The transactions committed so far.</summary>
    public long Commits => session.Transaction.Commits;

    /// <summary>Runs the work, or tidies up where there is none.</summary>
    /// <param name="batch">The work.</param>
    /// <param name="gather">Adds what has come while the lock was waited for: it shares the commit.</param>
    [SuppressMessage("Design", "CA1031", Justification = "The writer thread serves all callers and must outlive every error; each is told to the callers or logged.")]
    public void Run(List<WriteJob> batch, Action<List<WriteJob>> gather)
    {
        turnstile.Enter();
        try
        {
            if (batch.Count == 0)
            {
                Tidy();
                return;
            }
            var before = session.RowsChanged;
            session.Begin();
            gather(batch);
            Write(batch);
            IsTidy &= session.RowsChanged == before;
        }
        catch (Exception error)
        {
            if (error is not TransportException)
            {
                Log.WriterFailed(logger, path, error);
            }
            _done.Clear();
            _done.AddRange(batch.Select(job => (job, (Exception?)session.Translate(error))));
        }
        finally
        {
            turnstile.Leave();
        }
        // Others may write meanwhile.
        TellOfNews();
        Answer();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        turnstile.Enter();
        try
        {
            session.InTransaction(static (_, list) => list.Leave(), sessions);
        }
        catch (Exception error) when (error is DatabaseException or TransportException)
        {
            // The entry stays; whoever opens the file next on this machine sees that the process has ended.
        }
        // While it has the turn: the last connection to close copies the log into the file.
        session.Dispose();
        turnstile.Leave();
        turnstile.Dispose();
    }

    private void Write(List<WriteJob> batch)
    {
        if (TryTogether(batch))
        {
            _done.AddRange(_started.Select(job => (job, (Exception?)null)));
            return;
        }
        foreach (var job in _started)
        {
            _done.Add((job, TryAlone(job)));
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Any failure sends the work through one by one, where it is told to its caller.")]
    private bool TryTogether(List<WriteJob> batch)
    {
        // Only now that the lock is there: while it was waited for, a caller could still leave.
        _started.AddRange(batch.Where(job => job.TryStart()));
        try
        {
            foreach (var job in _started)
            {
                job.Execute(session);
            }
            session.Commit();
            return true;
        }
        catch (Exception)
        {
            session.Transaction.Rollback();
            session.ClearNews();
            return false;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The failure is the caller's answer.")]
    private Exception? TryAlone(WriteJob job)
    {
        try
        {
            job.ExecuteAlone(session);
            return null;
        }
        catch (Exception error)
        {
            return session.Translate(error);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "What is committed is committed; without the bell the others look a little later.")]
    private void TellOfNews()
    {
        if (!session.HasNews)
        {
            return;
        }
        session.ClearNews();
        try
        {
            tellWaiters();
            turnstile.Ring(time.GetUtcNow());
        }
        catch (Exception error)
        {
            Log.WriterFailed(logger, path, error);
        }
    }

    private void Answer()
    {
        foreach (var (job, error) in _done)
        {
            job.End(error, Answers);
        }
        Answers.Go();
        _done.Clear();
        _started.Clear();
    }

    private void Tidy()
    {
        try
        {
            // One piece at a time, with a look for work between.
            IsTidy = session.ShrinkFile(PagesAtOnce, FreePagesKept) && session.CutLog();
            if (IsTidy)
            {
                Log.Tidied(logger, path);
            }
        }
        catch (DatabaseException)
        {
            // Another process writes, or the disk is full: the next idle time will do.
            IsTidy = false;
        }
    }
}
