using Celeriac.Messaging.Stores;

namespace Celeriac.Sqlite.Writing;

/// <summary>A piece of work for the writer thread. Its answer is told only after the transaction it ran in is durable.</summary>
internal abstract class WriteJob
{
    private const int Waiting = 0;
    private const int Started = 1;
    private const int Withdrawn = 2;
    private int _state;

    /// <summary>About how many bytes it will write; transactions are cut by it.</summary>
    public virtual long Weight => 0;

    /// <summary>False when the caller has gone before anything was done.</summary>
    public bool TryStart() => Interlocked.CompareExchange(ref _state, Started, Waiting) != Withdrawn;

    /// <summary>True when the work will not be done because of this call.</summary>
    public bool TryWithdraw() => Interlocked.CompareExchange(ref _state, Withdrawn, Waiting) == Waiting;

    /// <summary>Does the work in the transaction that is open. It may be called again after a rollback.</summary>
    public abstract void Execute(WriteSession session);

    /// <summary>Does the work by itself, after it or a neighbour failed in a shared transaction.</summary>
    public virtual void ExecuteAlone(WriteSession session) => session.InTransaction(static (inner, job) => job.Execute(inner), this);

    /// <summary>The work is done, or has failed: the caller is told, here or in the line.</summary>
    public abstract void End(Exception? error, AnswerLine answers);
}

/// <summary>Work with an answer, awaited by a caller.</summary>
internal class WriteJob<TAnswer>(Func<WriteSession, TAnswer> work) : WriteJob, IAnswer
{
    // Its callers go on where it is completed: in the line of answers, and never on the writer thread, where their code would delay the others.
    private readonly TaskCompletionSource<TAnswer> _completion = new();
    private Exception? _error;

    /// <summary>The answer, once the work is durable.</summary>
    public Task<TAnswer> Completion => _completion.Task;

    /// <summary>True when the token only counts before the work has begun: its effect must not get lost.</summary>
    public bool IsUncancellableOnceStarted { get; init; }

    /// <summary>What the last execution answered.</summary>
    protected TAnswer? Answer { get; set; }

    /// <inheritdoc/>
    public override void Execute(WriteSession session) => Answer = work(session);

    /// <inheritdoc/>
    public override void End(Exception? error, AnswerLine answers)
    {
        _error = error;
        answers.Add(this);
    }

    /// <inheritdoc/>
    public void Tell() => _ = _error is null ? _completion.TrySetResult(Answer!) : _completion.TrySetException(_error);

    /// <summary>Called by the caller's token, on the thread of whoever cancels, which is not the caller's to hold.</summary>
    public void Cancel(CancellationToken cancellationToken)
    {
        if (TryWithdraw() || !IsUncancellableOnceStarted)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static job => job.Job._completion.TrySetCanceled(job.Token), (Job: this, Token: cancellationToken), preferLocal: false);
        }
    }
}

/// <summary>Work that a thread waits for which must not depend on the thread pool.</summary>
internal sealed class BlockingWriteJob<TAnswer>(Func<WriteSession, TAnswer> work) : WriteJob, IDisposable
{
    private readonly ManualResetEventSlim _done = new();
    private TAnswer? _answer;
    private Exception? _error;

    /// <summary>Waits, and gives the answer or throws.</summary>
    public TAnswer WaitForAnswer()
    {
        _done.Wait();
        return _error is null ? _answer! : throw _error;
    }

    /// <inheritdoc/>
    public override void Execute(WriteSession session) => _answer = work(session);

    /// <inheritdoc/>
    public override void End(Exception? error, AnswerLine answers)
    {
        _error = error;
        _done.Set();
    }

    /// <inheritdoc/>
    public void Dispose() => _done.Dispose();
}
