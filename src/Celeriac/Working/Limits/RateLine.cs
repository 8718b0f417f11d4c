using Celeriac.SharedState;

namespace Celeriac.Working.Limits;

/// <summary>Those of this worker that want a turn under one shared rate: what asks while a write is under way is served by the next, all of it at once.</summary>
internal sealed class RateLine(StateReach state, SideWork work, string key, TimeSpan interval, CancellationToken stop)
{
    private const int MostTogether = 100;
    private readonly List<Ask> _asks = [];
    private bool _isServed;

    /// <summary>A turn, or the news that there is none yet. Waits for a store that is away.</summary>
    public async Task<RateTurn> TakeAsync(DateTimeOffset? earlier, CancellationToken cancellationToken)
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
        return await ask.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
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
                var turns = await state.UntilAnsweredAsync((updates, token) => RateBucket.TakeAsync(updates, key, interval, [.. asks.Select(ask => ask.Earlier)], token), stop).ConfigureAwait(false);
                for (var index = 0; index < asks.Length; index++)
                {
                    asks[index].Answer.TrySetResult(turns[index]);
                }
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                Array.ForEach(asks, ask => ask.Answer.TrySetCanceled(stop));
            }
        }
    }

    private sealed record Ask(DateTimeOffset? Earlier)
    {
        public TaskCompletionSource<RateTurn> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
