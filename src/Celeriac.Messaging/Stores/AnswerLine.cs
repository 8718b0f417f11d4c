using System.Collections.Concurrent;

namespace Celeriac.Messaging.Stores;

/// <summary>Somebody who waits for an answer that is there now.</summary>
internal interface IAnswer
{
    /// <summary>Lets the one who waits go on, here and now.</summary>
    void Tell();
}

/// <summary>
/// Lets those go on whose answers came together: in one piece of work on the thread pool, one after the other, where each by itself would be a piece of work and many of them
/// would wake idle threads. Whoever holds the thread holds no other back, because before each of them somebody else is asked to look after the rest.
/// </summary>
internal sealed class AnswerLine : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<IAnswer> _line = new();
    private int _isAsked;

    /// <summary>Puts one behind the others; <see cref="Go"/> begins.</summary>
    public void Add(IAnswer answer) => _line.Enqueue(answer);

    /// <summary>Has the thread pool tell all that stand in line.</summary>
    public void Go()
    {
        if (!_line.IsEmpty && Interlocked.Exchange(ref _isAsked, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute()
    {
        // From here on whoever puts somebody into the line asks again.
        Interlocked.Exchange(ref _isAsked, 0);
        while (_line.TryDequeue(out var answer))
        {
            Go();
            answer.Tell();
        }
    }
}
