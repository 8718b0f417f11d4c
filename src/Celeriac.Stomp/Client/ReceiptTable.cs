using System.Globalization;

namespace Celeriac.Stomp;

/// <summary>The requests that wait for the server's receipt, by the number that was sent with them.</summary>
internal sealed class ReceiptTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, TaskCompletionSource<StompException?>> _pending = [];
    private Func<bool, StompConnectionException>? _closed;
    private long _last;

    /// <summary>Makes a receipt. Its task ends with null once the server has answered, or with what went wrong; it never fails.</summary>
    /// <exception cref="StompConnectionException">The connection has ended.</exception>
    public (long Id, string Text, Task<StompException?> Answer) Add()
    {
        var answer = new TaskCompletionSource<StompException?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_closed is not null)
            {
                throw _closed(false);
            }
            var id = ++_last;
            _pending.Add(id, answer);
            return (id, id.ToString(CultureInfo.InvariantCulture), answer.Task);
        }
    }

    /// <summary>Forgets a receipt that nobody waits for any more.</summary>
    public void Remove(long id)
    {
        lock (_gate)
        {
            _pending.Remove(id);
        }
    }

    /// <summary>The server has answered a request: with null if it was done. Whether there is such a request that somebody waits for.</summary>
    public bool Answer(string? receipt, StompException? error)
    {
        TaskCompletionSource<StompException?>? answer = null;
        if (long.TryParse(receipt, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            lock (_gate)
            {
                _pending.Remove(id, out answer);
            }
        }
        return answer?.TrySetResult(error) ?? false;
    }

    /// <summary>The connection has ended: every request fails, and no new one is taken.</summary>
    public void Close(Func<bool, StompConnectionException> reason)
    {
        TaskCompletionSource<StompException?>[] unanswered;
        lock (_gate)
        {
            _closed ??= reason;
            unanswered = [.. _pending.Values];
            _pending.Clear();
        }
        foreach (var answer in unanswered)
        {
            answer.TrySetResult(reason(true));
        }
    }
}
