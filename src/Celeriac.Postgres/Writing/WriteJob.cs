using Celeriac.Messaging.Stores;

namespace Celeriac.Postgres.Writing;

/// <summary>A piece of work for the writer. Its answer is told only after the transaction it ran in is durable.</summary>
internal abstract class WriteJob
{
    private const int Waiting = 0;
    private const int Started = 1;
    private const int Withdrawn = 2;
    private int _state;

    /// <summary>About how many bytes it will write; transactions are cut by it.</summary>
    public virtual long Weight => 0;

    /// <summary>False when the caller has gone before anything was sent.</summary>
    public bool TryStart() => Interlocked.CompareExchange(ref _state, Started, Waiting) != Withdrawn;

    /// <summary>True when nothing will be sent because of this call.</summary>
    public bool TryWithdraw() => Interlocked.CompareExchange(ref _state, Withdrawn, Waiting) == Waiting;

    /// <summary>Tells the caller that it failed.</summary>
    public abstract void Fail(Exception error);
}

/// <summary>Work with an answer, awaited by a caller.</summary>
internal abstract class WriteJob<TAnswer>(AnswerLine answers) : WriteJob, IAnswer
{
    // Its callers go on where it is completed: in the line of answers, and never in the writer's loop, where their code would delay the others.
    private readonly TaskCompletionSource<TAnswer> _completion = new();
    private TAnswer? _answer;
    private Exception? _error;

    /// <summary>The answer, once it is durable.</summary>
    public Task<TAnswer> Completion => _completion.Task;

    /// <summary>Puts the answer into the line, which is to be let go when all of the batch stand in it.</summary>
    public void Succeed(TAnswer answer)
    {
        _answer = answer;
        answers.Add(this);
    }

    /// <inheritdoc/>
    public override void Fail(Exception error)
    {
        _error = error;
        answers.Add(this);
        answers.Go();
    }

    /// <inheritdoc/>
    public void Tell() => _ = _error is null ? _completion.TrySetResult(_answer!) : _completion.TrySetException(_error);
}
