using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;

namespace Celeriac.Amqp.Client;

/// <summary>What the server answered to a question.</summary>
internal readonly record struct Reply(uint First = 0, uint Second = 0, Incoming? Message = null);

/// <summary>
/// The questions of one channel, in their order, which is also that of the answers. Who stops waiting leaves its place, so that a late answer is not taken for the next one's.
/// Guarded by the channel's lock.
/// </summary>
internal sealed class PendingReplies
{
    private readonly Queue<(uint Expected, TaskCompletionSource<Reply> Source)> _waiting = [];

    /// <param name="method">The question; its answer has the next number.</param>
    public Task<Reply> Add(uint method)
    {
        var source = new TaskCompletionSource<Reply>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue((method + 1, source));
        return source.Task;
    }

    /// <exception cref="AmqpFormatException">Nobody has asked for that.</exception>
    public void Answer(uint method, Reply reply)
    {
        if (!_waiting.TryDequeue(out var first) || first.Expected != method)
        {
            throw new AmqpFormatException($"the server sent the answer {Methods.TextOf(method)}, which nobody has asked for");
        }
        first.Source.TrySetResult(reply);
    }

    public void Fail(Exception error)
    {
        while (_waiting.TryDequeue(out var first))
        {
            first.Source.TrySetException(error);
            // Its caller may have left.
            _ = first.Source.Task.Exception;
        }
    }
}
