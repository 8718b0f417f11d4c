using System.Collections.Concurrent;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

// Takes, whose answers may be lost.
internal abstract partial class RedisStore
{
    // A script holds up everybody: it is given so much at once and no more.
    private const int MessagesAtOnce = 200;

    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(1);

    private long _lastTake = Random.Shared.NextInt64(1L << 40);

    /// <inheritdoc/>
    public virtual async ValueTask<TakeAnswer> TakeAsync(TakeRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        // A take that names its queues' keys has the server tell of their next change: only one that may be in vain needs that.
        var holder = _holders.GetValueOrDefault(request.Holder) ?? new Holder([]);
        if (request.ExpiredOnly)
        {
            return await TakeAsync(request, holder, isWatching: false, cancellationToken).ConfigureAwait(false);
        }
        var answer = await TakeAsync(request, holder, isWatching: !holder.FoundPlenty, cancellationToken).ConfigureAwait(false);
        if (holder.FoundPlenty && answer is { Messages.Count: 0, UnknownQueue: null })
        {
            answer = await TakeAsync(request, holder, isWatching: true, cancellationToken).ConfigureAwait(false);
        }
        holder.FoundPlenty = answer.Messages.Count >= Math.Min(request.AtMost, MessagesAtOnce);
        return answer;
    }

    /// <summary>The script of a take, the keys that it watches, and its arguments but those that say what was lost.</summary>
    protected abstract (string Script, RedisKey[] Watched, IEnumerable<RedisValue> Arguments) TakeOf(TakeRequest request, long take, int atMost);

    /// <summary>Reads what a take has answered.</summary>
    protected abstract TakeAnswer Read(TakeRequest request, long take, RedisResult answer);

    private async ValueTask<TakeAnswer> TakeAsync(TakeRequest request, Holder holder, bool isWatching, CancellationToken cancellationToken)
    {
        for (var failures = 1; ; failures++)
        {
            var (take, seen) = (Interlocked.Increment(ref _lastTake), Connection.Restorations);
            try
            {
                return Read(request, take, await TakeOnceAsync(request, take, holder.Unanswered, isWatching, cancellationToken).ConfigureAwait(false));
            }
            catch (TransportException error) when (error is not TransportRefusedException)
            {
                // It may have claimed. A consumer has nothing better to do than to wait for the server.
                holder.Unanswered[take] = true;
                await Connection.PauseAsync(failures, seen, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<RedisResult> TakeOnceAsync(TakeRequest request, long take, ConcurrentDictionary<long, bool> lost, bool isWatching, CancellationToken cancellationToken)
    {
        long[] recovered = request.ExpiredOnly ? [] : [.. lost.Keys];
        var (script, watched, arguments) = TakeOf(request, take, Math.Min(request.AtMost, MessagesAtOnce));
        RedisKey[] keys = isWatching ? watched : [];
        RedisValue[] values = [.. _names, .. arguments, recovered.Length, .. recovered.Select(number => (RedisValue)number)];
        var taking = Connection.CallOnceAsync(redis => redis.GetDatabase().ScriptEvaluateAsync(script, keys, values));
        var answer = await AnswerAsync(taking, take, lost, cancellationToken).ConfigureAwait(false);
        foreach (var number in recovered)
        {
            lost.TryRemove(number, out _);
        }
        return answer;
    }

    /// <summary>A token that comes between claim and answer waits a moment for the answer: else the next take of this holder gives the claims back.</summary>
    private async Task<RedisResult> AnswerAsync(Task<RedisResult> taking, long take, ConcurrentDictionary<long, bool> lost, CancellationToken cancellationToken)
    {
        try
        {
            return await taking.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        // The answer may be there by now: a filter that looks for it would drop what it claimed.
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            try
            {
                return await taking.WaitAsync(s_grace, Time, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception error) when (error is TimeoutException or TransportException or OperationCanceledException)
            {
                lost[take] = true;
                throw new OperationCanceledException(cancellationToken);
            }
        }
    }
}
