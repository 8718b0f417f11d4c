using Celeriac.SharedState;

namespace Celeriac.Working.Limits;

/// <summary>Those of this worker that want a turn under one shared rate: what asks while a write is under way is served by the next, all of it at once.</summary>
internal sealed class RateLine(StateReach state, UnderWay work, string key, TimeSpan interval, TimeProvider time, CancellationToken stop)
{
    private const int MostTogether = 100;
    private readonly List<Ask> _asks = [];
    private bool _isServed;

    /// <summary>A turn, or the news that there is none yet; null where the store does not answer within the patience.</summary>
    public async Task<RateTurn?> TakeAsync(DateTimeOffset? earlier, TimeSpan patience, CancellationToken cancellationToken)
    {
        var ask = new Ask(earlier);
        lock (_asks)
        {
            _asks.Add(ask);
            if (!_isServed)
            {
                _isServed = true;
                work.Start(ServeAsync);
            }
        }
        try
        {
            return await ask.Answer.Task.WaitAsync(patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            return ask.Answer.TrySetResult(null) ? null : await ask.Answer.Task.ConfigureAwait(false);
        }
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            Ask[] asks;
            lock (_asks)
            {
                asks = [.. _asks.Take(MostTogether)];
                _asks.RemoveRange(0, asks.Length);
                if (asks.Length == 0)
                {
                    _isServed = false;
                    return;
                }
            }
            try
            {
                await state.UntilAnsweredAsync((updates, token) => ServeAsync(updates, asks, token), stop).ConfigureAwait(false);
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                Array.ForEach(asks, ask => ask.Answer.TrySetCanceled(stop));
            }
        }
    }

    /// <summary>Those who wait no longer take no turn: it would be used by nobody.</summary>
    private async ValueTask<bool> ServeAsync(StateUpdates updates, Ask[] asks, CancellationToken token)
    {
        Ask[] waiting = [.. asks.Where(ask => !ask.Answer.Task.IsCompleted)];
        var turns = await RateBucket.TakeAsync(updates, key, interval, [.. waiting.Select(ask => ask.Earlier)], token).ConfigureAwait(false);
        for (var index = 0; index < waiting.Length; index++)
        {
            waiting[index].Answer.TrySetResult(turns[index]);
        }
        return true;
    }

    private sealed record Ask(DateTimeOffset? Earlier)
    {
        public TaskCompletionSource<RateTurn?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
