using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;

namespace Celeriac.Sqlite.Writing;

/// <summary>
/// The one thread that writes. Callers hand in work and wait; the thread does all that has gathered in one transaction, so that many callers share one fsync
/// (group commit). It is a thread of its own, because leases are kept through it and must not depend on the pool.
/// </summary>
internal sealed class WriterThread : IAsyncDisposable
{
    // Callers beyond it wait for room, so that a stalled disk does not pile up work without end.
    private const int Capacity = 16 * 1024;
    private const int MostJobs = 1024;
    private const long MostBytes = 16 * 1024 * 1024;
    private static readonly TimeSpan s_moment = TimeSpan.FromMicroseconds(150);
    private static readonly TimeSpan IdleBeforeTidying = TimeSpan.FromSeconds(2);

    private readonly object _gate = new();
    private readonly Queue<WriteJob> _jobs = new();
    private readonly Queue<WriteJob> _urgent = new();
    private readonly SemaphoreSlim _room = new(Capacity);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<WriteBatches> _open;
    private int _lastBatch;
    private bool _isStarted;
    private bool _isClosed;

    /// <summary>Makes the writer, which opens its connection on its own thread.</summary>
    public WriterThread(Func<WriteBatches> open) => _open = open;

    /// <summary>True when it could not open its connection: it cannot be used again.</summary>
    public bool HasFailedToOpen => _opened.Task.IsFaulted;

    /// <summary>Starts the thread; returns when the connection is open.</summary>
    public Task StartAsync()
    {
        lock (_gate)
        {
            if (!_isStarted)
            {
                _isStarted = true;
                new Thread(Work) { IsBackground = true, Name = "Celeriac SQLite writer" }.Start();
            }
        }
        return _opened.Task;
    }

    /// <summary>Does work and awaits its answer.</summary>
    public async ValueTask<TAnswer> RunAsync<TAnswer>(WriteJob<TAnswer> job, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        Enqueue(_jobs, job);
        if (!cancellationToken.CanBeCanceled)
        {
            return await job.Completion.ConfigureAwait(false);
        }
        await using (cancellationToken.UnsafeRegister(static (state, token) => ((WriteJob<TAnswer>)state!).Cancel(token), job).ConfigureAwait(false))
        {
            return await job.Completion.ConfigureAwait(false);
        }
    }

    /// <summary>Does work before all that waits, and waits for its answer without the thread pool.</summary>
    public TAnswer Run<TAnswer>(Func<WriteSession, TAnswer> work)
    {
        using var job = new BlockingWriteJob<TAnswer>(work);
        Enqueue(_urgent, job);
        return job.WaitForAnswer();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        bool wasStarted;
        lock (_gate)
        {
            _isClosed = true;
            wasStarted = _isStarted;
            Monitor.PulseAll(_gate);
        }
        if (wasStarted)
        {
            await _ended.Task.ConfigureAwait(false);
        }
    }

    private void Enqueue(Queue<WriteJob> queue, WriteJob job)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(SqliteQueueStore));
            queue.Enqueue(job);
            Monitor.Pulse(_gate);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The reason why the file does not open belongs to the caller of OpenAsync, not to this thread.")]
    private void Work()
    {
        try
        {
            using var batches = _open();
            _opened.SetResult();
            var batch = new List<WriteJob>();
            while (Gather(batch, batches))
            {
                WaitForMore(batch);
                batches.Run(batch, TakeMore);
                _lastBatch = batch.Count;
                batch.Clear();
            }
        }
        catch (Exception error)
        {
            _opened.TrySetException(error);
        }
        finally
        {
            FailTheRest();
            _ended.SetResult();
        }
    }

    // False once the store is closed and nothing waits.
    private bool Gather(List<WriteJob> batch, WriteBatches batches)
    {
        lock (_gate)
        {
            while (_urgent.Count + _jobs.Count == 0)
            {
                if (_isClosed)
                {
                    return false;
                }
                if (!Monitor.Wait(_gate, batches.IsTidy ? Timeout.InfiniteTimeSpan : IdleBeforeTidying))
                {
                    return true;
                }
            }
            Take(batch);
        }
        return true;
    }

    /// <summary>
    /// After a large batch those whom it has answered are mostly about to come back: they get a moment, far shorter than a commit, so that the first of them
    /// does not go alone. Before the lock is taken, so that other processes write meanwhile.
    /// </summary>
    private void WaitForMore(List<WriteJob> batch)
    {
        var start = Stopwatch.GetTimestamp();
        while (batch.Count < _lastBatch / 2 && Stopwatch.GetElapsedTime(start) < s_moment)
        {
            Thread.Yield();
            TakeMore(batch);
        }
    }

    // What has come while the lock was waited for shares the commit.
    private void TakeMore(List<WriteJob> batch)
    {
        lock (_gate)
        {
            Take(batch);
        }
    }

    private void Take(List<WriteJob> batch)
    {
        var bytes = batch.Sum(static job => job.Weight);
        while (batch.Count < MostJobs && bytes < MostBytes && TryDequeue(out var job))
        {
            batch.Add(job);
            bytes += job.Weight;
        }
    }

    private bool TryDequeue([NotNullWhen(true)] out WriteJob? job)
    {
        if (_urgent.TryDequeue(out job))
        {
            return true;
        }
        if (!_jobs.TryDequeue(out job))
        {
            return false;
        }
        _room.Release();
        return true;
    }

    private void FailTheRest()
    {
        var answers = new AnswerLine();
        lock (_gate)
        {
            _isClosed = true;
            while (TryDequeue(out var job))
            {
                job.End(new TransportException("The store was closed before this was done. Nothing was stored."), answers);
            }
        }
        answers.Go();
    }
}
